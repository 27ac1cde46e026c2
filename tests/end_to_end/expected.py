"""What each row of the four systems must become: the oracle's own reading of them.

It knows nothing of mapping files: a wrong mapping is found too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from service.demo.retailer.writes import CALL_CENTRE, ECOMMERCE, LOYALTY, POS, Row

Values = dict[str, Any]

ORDER_STATUS = {
    "new": "placed",
    "picking": "preparing",
    "ready": "ready_for_pickup",
    "picked_up": "collected",
}
TICKET_STATUS = {"waiting": "pending"}


@dataclass(frozen=True)
class Table:
    """A table of a source: where its rows arrive, and with which values."""

    system: str
    name: str
    arrives: str
    values: Callable[[Row], Values]

    def key(self, row: Row) -> str:
        """Return the source key under which a row arrives."""
        return f"{self.system}:{row['id']}"


def plain(value: Any) -> Any:
    """Return a value as any two systems would write it; nothing is None."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return format(Decimal(str(value)).normalize(), "f")
    if isinstance(value, list | tuple):
        return [one for one in map(plain, value) if one is not None] or None
    return value


def _seconds(value: str | datetime | None) -> float | None:
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return None if at is None else at.timestamp()


def _day(text: str | None) -> str | None:
    try:
        day, month, year = map(int, (text or "").split("/"))
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _till_customer(row: Row) -> Values:
    return {
        "title": row["title"],
        "given_name": row["first_name"],
        "family_name": row["last_name"],
        "birth_date": row["birth_date"],
        "emails": [row["email"]],
        "phones": [row["phone"]],
        "cards": [row["loyalty_card"]],
        "address": [row["street"], row["postal_code"], row["city"]],
        "updated_at": _seconds(row["updated_at"]),
    }


def _member(row: Row) -> Values:
    return {
        "title": row["title"],
        "given_name": row["given_name"],
        "family_name": row["family_name"],
        "birth_name": row["birth_name"],
        "birth_date": row["birth_date"],
        "emails": [row["email"]],
        "phones": [row["mobile"]],
        "cards": [row["card_number"]],
        "address": [row["address_line"], row["postal_code"], row["city"]],
        "updated_at": _seconds(row["updated_at"]),
    }


def _shop_customer(row: Row) -> Values:
    home = (row["addresses"] or [{}])[0]
    return {
        "title": row["civility"],
        "given_name": row["firstname"],
        "family_name": row["lastname"],
        "birth_date": _day(row["birthday"]),
        "emails": [row["email"]],
        "phones": [row["phone"]],
        "cards": [row["loyalty_card"]],
        "address": [home.get(part) for part in ("line1", "zip", "city")],
        "updated_at": _seconds(row["updated_at"]),
    }


def _contact(row: Row) -> Values:
    return {
        "full_name": row["name"],
        "birth_date": row["birth_date"],
        "emails": [row["email"]],
        "phones": [row["phone"]],
        "address": [row["postcode"]],
    }


def _buyer(system: str, row: Row) -> str | None:
    return f"{system}:{row['customer_id']}" if row["customer_id"] else None


def _sale(row: Row) -> Values:
    return {
        "customer": _buyer(POS, row),
        "status": row["status"],
        "total": row["total"],
        "placed_at": _seconds(row["sold_at"]),
        "skus": [line["sku"] for line in row["lines"] or ()],
        "amounts": [line["amount"] for line in row["lines"] or ()],
    }


def _order(row: Row) -> Values:
    return {
        "customer": _buyer(ECOMMERCE, row),
        "status": ORDER_STATUS.get(row["status"], row["status"]),
        "total": row["total"],
        "steps": [ORDER_STATUS.get(s["status"], s["status"]) for s in row["history"]],
        "skus": [line["sku"] for line in row["lines"]],
        "amounts": [line["amount"] for line in row["lines"]],
    }


def _ticket(row: Row) -> Values:
    return {
        "customer": f"{CALL_CENTRE}:{row['contact_id']}",
        "case_id": row["case_ref"],
        "subject": row["subject"],
        "status": TICKET_STATUS.get(row["state"], row["state"]),
        "order": row["order_ref"],
        "cost": row["cost"],
    }


def _line(row: Row) -> Values:
    return {
        "account": f"{LOYALTY}:{row['member_id']}",
        "amount": row["points"],
        "kind": row["kind"],
        "expires_on": row["expires_on"],
        "order_key": row["sale_ref"],
    }


TABLES = (
    Table(POS, "customer", "source_record", _till_customer),
    Table(LOYALTY, "member", "source_record", _member),
    Table(ECOMMERCE, "customers", "source_record", _shop_customer),
    Table(CALL_CENTRE, "contacts", "source_record", _contact),
    Table(POS, "sale", "customer_order", _sale),
    Table(ECOMMERCE, "orders", "customer_order", _order),
    Table(CALL_CENTRE, "tickets", "interaction", _ticket),
    Table(LOYALTY, "points_ledger", "loyalty_movement", _line),
)
