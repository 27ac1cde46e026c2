"""Customers as each system's own schema writes them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

from service.demo.population.form_entries import Entry
from service.demo.population.places import Home
from service.demo.population.stores import draw_store
from service.demo.retailer.writes import CALL_CENTRE, ECOMMERCE, LOYALTY, POS, Row

NAMES = {
    POS: ("first_name", "last_name"),
    LOYALTY: ("given_name", "family_name"),
    ECOMMERCE: ("firstname", "lastname"),
}
PHONE = {POS: "phone", LOYALTY: "mobile", ECOMMERCE: "phone", CALL_CENTRE: "phone"}


def customer_row(
    system: str, record_id: str, entry: Entry, *, at: datetime, rng: Random
) -> Row:
    """Return an entry as the row of one system, created some time before `at`."""
    created = at - timedelta(days=rng.randrange(1000), seconds=rng.randrange(86_400))
    if system == POS:
        return _till_customer(record_id, entry, (created, at), rng)
    if system == LOYALTY:
        return _member(record_id, entry, (created, at), rng)
    if system == ECOMMERCE:
        return _shop_customer(record_id, entry, (created, at), rng)
    return _contact(record_id, entry)


def with_names(system: str, row: Row, *, given: str, family: str) -> Row:
    """Return the row with other names."""
    if system == CALL_CENTRE:
        return {**row, "name": f"{given} {family}"}
    first, last = NAMES[system]
    return {**row, first: given, last: family}


def with_phone(system: str, row: Row, phone: str) -> Row:
    """Return the row with another phone."""
    return {**row, PHONE[system]: phone}


def with_home(system: str, row: Row, home: Home) -> Row:
    """Return the row with another address."""
    if system == CALL_CENTRE:
        return {**row, "postcode": home.postal_code}
    if system == ECOMMERCE:
        return {**row, "addresses": [_shop_address(home)]}
    line = "street" if system == POS else "address_line"
    return {
        **row,
        line: home.line,
        "postal_code": home.postal_code,
        "city": home.city,
    }


def touched(system: str, row: Row, at: datetime) -> Row:
    """Return the row with the marks of a write at that time."""
    if system == CALL_CENTRE:
        return row
    if system == ECOMMERCE:
        return {**row, "version": row["version"] + 1, "updated_at": at.isoformat()}
    return {**row, "updated_at": at}


def _till_customer(
    record_id: str, entry: Entry, times: tuple[datetime, datetime], rng: Random
) -> Row:
    home = entry.home
    return {
        "id": record_id,
        "title": entry.title,
        "first_name": entry.given_name,
        "last_name": entry.family_name,
        "birth_date": entry.birth_date,
        "email": entry.email,
        "phone": entry.phone,
        "street": home.line if home else None,
        "postal_code": home.postal_code if home else None,
        "city": home.city if home else None,
        "loyalty_card": entry.card,
        "store": draw_store(rng).code,
        "created_at": times[0],
        "updated_at": times[1],
    }


def _member(
    record_id: str, entry: Entry, times: tuple[datetime, datetime], rng: Random
) -> Row:
    home = entry.home
    return {
        "id": record_id,
        "card_number": entry.card,
        "title": entry.title,
        "given_name": entry.given_name,
        "family_name": entry.family_name,
        "birth_name": entry.birth_name,
        "birth_date": entry.birth_date,
        "email": entry.email,
        "mobile": entry.phone,
        "address_line": home.line if home else None,
        "postal_code": home.postal_code if home else None,
        "city": home.city if home else None,
        "opt_in_email": rng.random() < 0.6,
        "opt_in_at": times[0],
        "joined_at": times[0],
        "updated_at": times[1],
    }


def _shop_customer(
    record_id: str, entry: Entry, times: tuple[datetime, datetime], rng: Random
) -> Row:
    return {
        "id": record_id,
        "civility": entry.title,
        "firstname": entry.given_name,
        "lastname": entry.family_name,
        "birthday": _day_first(entry.birth_date),
        "email": entry.email,
        "phone": entry.phone,
        "addresses": [_shop_address(entry.home)] if entry.home else [],
        "loyalty_card": entry.card,
        "preferences": _preferences(rng),
        "newsletter": rng.random() < 0.5,
        "newsletter_at": times[0].isoformat(),
        "deleted": False,
        "version": 1,
        "created_at": times[0].isoformat(),
        "updated_at": times[1].isoformat(),
    }


def _contact(record_id: str, entry: Entry) -> Row:
    return {
        "id": record_id,
        "name": entry.full_name,
        "phone": entry.phone,
        "email": entry.email,
        "birth_date": entry.birth_date.isoformat() if entry.birth_date else None,
        "postcode": entry.postal_code,
    }


def _shop_address(home: Home) -> Row:
    return {
        "line1": home.line,
        "zip": home.postal_code,
        "city": home.city,
        "country": "FR",
    }


def _preferences(rng: Random) -> Row:
    preferences = {}
    if rng.random() < 0.5:
        preferences["size"] = rng.choice(("XS", "S", "M", "L", "XL"))
    if rng.random() < 0.4:
        preferences["favourite_store"] = draw_store(rng).code
    return preferences


def _day_first(day: date | None) -> str | None:
    return f"{day:%d/%m/%Y}" if day else None
