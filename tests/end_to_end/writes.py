"""Rows that a test writes into the sources: a known person, and marks of progress."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

from service.demo.retailer.state import CUSTOMERS
from service.demo.retailer.writes import (
    CALL_CENTRE,
    ECOMMERCE,
    LOYALTY,
    POS,
    Row,
    SourceWrite,
)

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
CANARY: dict[str, Any] = {
    "given": "Zéphyrine",
    "family": "Quatrebarbes-Oxymel",
    "email": "zephyrine.oxymel@canari-exemple.fr",
    "phone": "0699887766",
    "card": "2970009988776",
    "street": "417 venelle des Xylophages",
}
SECRETS = (
    "zéphyrine",
    "zephyrine",
    "zéphyrin",
    "quatrebarbes",
    "oxymel",
    "canari-exemple",
    "699887766",
    "2970009988776",
    "xylophages",
)


def act(
    system: str,
    table: str,
    row: Row,
    *,
    op: Literal["insert", "update", "delete"] = "insert",
) -> SourceWrite:
    """Return the write of one whole row."""
    return SourceWrite(system, table, op, row["id"], row, "test", NOON)


def gone(system: str, table: str, row: Row) -> SourceWrite:
    """Return the delete of a row: from a table, or marked as such over HTTP."""
    last = {**row, "deleted": True} if system in (ECOMMERCE, CALL_CENTRE) else {}
    return SourceWrite(system, table, "delete", row["id"], last, "test", NOON)


def person(system: str, row_id: str, **said: Any) -> SourceWrite:
    """Return the write of a person into one system, in its own columns."""
    said = {"given": "Ada", "family": "Essai", **said}
    made = _ROWS[system](said)
    return act(system, CUSTOMERS[system], {"id": row_id, **made})


def sale(row_id: str, customer_id: str | None, **said: Any) -> SourceWrite:
    """Return the write of a receipt at a till."""
    line = {"sku": "CH-100", "label": "Chemise", "quantity": 1, "amount": 59.9}
    row = {
        "id": row_id,
        "customer_id": customer_id,
        "store": "paris",
        "status": "paid",
        "total": Decimal("59.90"),
        "sold_at": NOON,
        "lines": [line],
    }
    return act(POS, "sale", row | said)


def points(row_id: int, member_id: str, amount: int) -> SourceWrite:
    """Return the write of one line of the points ledger."""
    row = {
        "id": row_id,
        "member_id": member_id,
        "kind": "earn" if amount > 0 else "burn",
        "points": amount,
        "sale_ref": None,
        "at": NOON,
        "expires_on": date(2028, 5, 3) if amount > 0 else None,
    }
    return act(LOYALTY, "points_ledger", row)


def order(row_id: str, customer_id: str, *, status: str = "new") -> SourceWrite:
    """Return the write of a web order."""
    at = NOON.isoformat()
    row = {
        "id": row_id,
        "customer_id": customer_id,
        "status": status,
        "history": [{"status": "new", "at": at}, {"status": status, "at": at}],
        "delivery": {"mode": "home", "store": None, "promised": "2026-05-06"},
        "lines": [{"sku": "JE-601", "label": "Jean", "qty": 1, "amount": 79.9}],
        "total": 79.9,
        "currency": "EUR",
        "created_at": at,
        "updated_at": at,
        "version": 1,
    }
    return act(ECOMMERCE, "orders", row)


def ticket(row_id: str, contact_id: str, *, state: str = "open") -> SourceWrite:
    """Return the write of a ticket of the call centre."""
    row = {
        "id": row_id,
        "contact_id": contact_id,
        "case_ref": f"case-{row_id}",
        "reason": "where_is_my_order",
        "subject": "Où est ma commande ?",
        "state": state,
        "promised_reply": NOON.isoformat(),
        "agent": "agent-01",
        "cost": 4.5,
        "order_ref": None,
        "at": NOON.isoformat(),
    }
    return act(CALL_CENTRE, "tickets", row)


def marks(number: int) -> list[SourceWrite]:
    """Return one write into each table: when they have arrived, so has all before."""
    name = f"MARK-{number}"
    return [
        *(person(system, name, family=f"Repère{number}") for system in CUSTOMERS),
        sale(name, name),
        order(name, name),
        ticket(name, name),
        points(9_000_000 + number, name, number),
    ]


def canary() -> list[SourceWrite]:
    """Return a person, and what happens to them, in every system."""
    return [
        *(person(system, "CANARY", **CANARY) for system in CUSTOMERS),
        sale("CANARY", "CANARY"),
        order("CANARY", "CANARY"),
        ticket("CANARY", "CANARY"),
        points(8_000_000, "CANARY", 42),
    ]


def _till(said: dict[str, Any]) -> Row:
    return {
        "title": "Mme",
        "first_name": said["given"],
        "last_name": said["family"],
        "birth_date": said.get("birth"),
        "email": said.get("email"),
        "phone": said.get("phone"),
        "street": said.get("street"),
        "postal_code": "44000",
        "city": "Nantes",
        "loyalty_card": said.get("card"),
        "store": "paris",
        "created_at": NOON,
        "updated_at": NOON,
    }


def _member(said: dict[str, Any]) -> Row:
    return {
        "card_number": said.get("card"),
        "title": "Mme",
        "given_name": said["given"],
        "family_name": said["family"],
        "birth_name": None,
        "birth_date": said.get("birth"),
        "email": said.get("email"),
        "mobile": said.get("phone"),
        "address_line": said.get("street"),
        "postal_code": "44000",
        "city": "Nantes",
        "opt_in_email": True,
        "opt_in_at": NOON,
        "joined_at": NOON,
        "updated_at": NOON,
    }


def _account(said: dict[str, Any]) -> Row:
    home = {
        "line1": said.get("street"),
        "zip": "44000",
        "city": "Nantes",
        "country": "FR",
    }
    return {
        "civility": "Mme",
        "firstname": said["given"],
        "lastname": said["family"],
        "birthday": None,
        "email": said.get("email"),
        "phone": said.get("phone"),
        "addresses": [home],
        "loyalty_card": said.get("card"),
        "preferences": {"size": "S"},
        "newsletter": False,
        "newsletter_at": NOON.isoformat(),
        "version": 1,
        "created_at": NOON.isoformat(),
        "updated_at": NOON.isoformat(),
    }


def _contact(said: dict[str, Any]) -> Row:
    return {
        "name": f"{said['given']} {said['family']}",
        "phone": said.get("phone"),
        "email": said.get("email"),
        "birth_date": None,
        "postcode": "44000",
    }


_ROWS = {POS: _till, LOYALTY: _member, ECOMMERCE: _account, CALL_CENTRE: _contact}
