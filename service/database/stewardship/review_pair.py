"""The two sides of a case: what each record says, and what its customer has."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.facts.facts import OF_CUSTOMER, balances_query
from service.database.stewardship.reviews import OPEN


class Balance(NamedTuple):
    """What a customer has in one programme."""

    programme: str
    unit: str
    amount: Any


class Said(NamedTuple):
    """What a customer allowed or withdrew."""

    purpose: str
    channel: str
    status: str


class Facts(NamedTuple):
    """What hangs on a customer."""

    records: int
    orders: int
    open_orders: int
    contacts: int
    balances: list[Balance]
    consents: list[Said]

    @property
    def points(self) -> float:
        """All balances, as the queue counts them."""
        return float(sum(abs(one.amount) for one in self.balances))


class SideRecord(NamedTuple):
    """One record of a case as its source holds it."""

    key: SourceKey
    record: dict[str, Any]
    source_at: datetime | None
    applied_at: datetime


_FACTS = """
WITH member AS (SELECT record_id FROM label WHERE customer_id = %(id)s)
SELECT (SELECT count(*) FROM member),
    count(*) FILTER (WHERE NOT o.deleted),
    count(*) FILTER (WHERE NOT o.deleted AND o.status = ANY(%(open)s)),
    (SELECT count(*) FROM member JOIN interaction i
        ON i.customer_record_id = record_id WHERE NOT i.deleted)
FROM member LEFT JOIN customer_order o ON o.customer_record_id = record_id
"""
_BALANCES = (
    f"SELECT programme, unit, amount FROM ({balances_query(OF_CUSTOMER)}) b"
    " ORDER BY programme, unit"
)
_CONSENTS = """
SELECT record->>'purpose', record->>'channel', CASE WHEN
    bool_or(record->>'status' = 'withdrawn') THEN 'withdrawn' ELSE 'given' END
FROM label l JOIN consent c ON c.customer_record_id = l.record_id
WHERE l.customer_id = %s AND NOT c.deleted AND c.record IS NOT NULL
GROUP BY 1, 2 ORDER BY 1, 2
"""


def record(connection: Connection, key: SourceKey) -> SideRecord | None:
    """Return a live record as its source holds it."""
    row = connection.execute(
        "SELECT record, source_at, applied_at FROM source_record"
        " WHERE system = %s AND id = %s AND record IS NOT NULL",
        [key.system, key.id],
    ).fetchone()
    return SideRecord(key, *row) if row else None


def facts(connection: Connection, customer_id: UUID | None) -> Facts:
    """Return what hangs on a customer; nothing where there is none yet."""
    if customer_id is None:
        return Facts(1, 0, 0, 0, [], [])
    row = connection.execute(_FACTS, {"id": customer_id, "open": OPEN}).fetchone()
    assert row
    balances = connection.execute(_BALANCES.encode(), [customer_id])
    said = connection.execute(_CONSENTS, [customer_id])
    records, orders, open_orders, contacts = map(int, row)
    return Facts(
        records,
        orders,
        open_orders,
        contacts,
        balances=[Balance(*one) for one in balances],
        consents=[Said(*one) for one in said],
    )
