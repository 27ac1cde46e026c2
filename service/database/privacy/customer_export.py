"""All that stands of one customer, for the customer to read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from service.database.connection.session import Connection

_RECORDS = (
    "SELECT system || ':' || id AS source_key, source_at, applied_at, record, raw"
    " FROM source_record JOIN label USING (record_id)"
    " WHERE customer_id = c.customer_id ORDER BY system, id"
)
_FACT = (
    "SELECT f.system || ':' || f.id AS key, {columns} FROM {table} f"
    " JOIN label l ON l.record_id = f.customer_record_id"
    " WHERE l.customer_id = c.customer_id ORDER BY f.system, f.id"
)
_MOVED = "f.programme, f.unit, f.amount, f.kind, f.at, f.order_key, f.expires_on, f.raw"
_PARTS = {
    "sources": _RECORDS,
    "orders": _FACT.format(table="customer_order", columns="f.record, f.raw"),
    "movements": _FACT.format(table="loyalty_movement", columns=_MOVED),
    "interactions": _FACT.format(table="interaction", columns="f.record, f.raw"),
    "consents": _FACT.format(table="consent", columns="f.record, f.raw"),
}
_QUERY = (
    "SELECT c.retired_into, c.profile"
    + "".join(
        f", (SELECT coalesce(json_agg(r), '[]')::text FROM ({part}) r)"
        for part in _PARTS.values()
    )
    + " FROM customer c WHERE c.customer_id = %s"
)


def everything(
    connection: Connection, customer_id: UUID
) -> tuple[UUID | None, dict[str, Any] | None] | None:
    """Return the survivor if the id retired, and what is known; None for no such id."""
    row = connection.execute(_QUERY, [customer_id]).fetchone()
    if row is None:
        return None
    if row[1] is None:
        return row[0], None
    told = {
        name: orjson.loads(text) for name, text in zip(_PARTS, row[2:], strict=True)
    }
    return row[0], {"profile": orjson.loads(row[1]), **told}
