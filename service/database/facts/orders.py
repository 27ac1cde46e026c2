"""Orders of a customer, newest first, one by its key, and the steps of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from schemas.change_event import FactChange, OrderChange
from schemas.facts import OrderStatus
from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.customers.pages import StoredPage, page_query, read_page
from service.database.sources.system_freshness import FRESHNESS

STEPS = """(SELECT coalesce(json_agg(json_build_object('position', t.position,
    'status', t.status, 'at', t.source_at)), '[]') FROM order_step t
    WHERE (t.system, t.id) = (o.system, o.id))"""
"""A scalar subquery: the steps of the order `o`."""


def order_record(order: str) -> str:
    """Return the expression of the record of an order with the status it has.

    The source's last word may be a payment, which leaves the order where it is.
    """
    status = f"coalesce({order}.status, {order}.record ->> 'status')"
    return f"{order}.record || jsonb_build_object('status', {status})"


# (time, system, id) is unique, so orders of the same instant split over two pages
# are neither lost nor shown twice.
_PAGE = page_query(
    f"""SELECT o.system, o.id, o.placed_at AS at, {order_record("o")} AS record,
    {STEPS} AS steps
    FROM label l
    JOIN customer_order o ON o.customer_record_id = l.record_id
    WHERE l.customer_id = %(customer_id)s AND NOT o.deleted AND o.record IS NOT NULL
    AND o.placed_at IS NOT NULL
    AND (%(status)s::text IS NULL OR o.status = %(status)s)
    AND (%(open)s::boolean IS NULL OR (o.status = ANY(%(open_statuses)s)) = %(open)s)
    AND (%(channel)s::text IS NULL OR o.record ->> 'channel' = %(channel)s)
    AND (%(since)s::timestamptz IS NULL OR o.placed_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR o.placed_at < %(until)s)
    AND (%(at)s::timestamptz IS NULL
        OR (o.placed_at, o.system, o.id) < (%(at)s::timestamptz, %(system)s, %(id)s))
    ORDER BY o.placed_at DESC, o.system DESC, o.id DESC LIMIT %(limit)s"""
)
_ONE = f"""
SELECT {order_record("o")}, l.customer_id, {FRESHNESS}, {STEPS} FROM customer_order o
LEFT JOIN label l ON l.record_id = o.customer_record_id
WHERE o.system = %s AND o.id = %s AND NOT o.deleted AND o.record IS NOT NULL
"""

Place = tuple[str, str, str]
"""Time, system and id of the last row of a page."""


class StoredOrder(NamedTuple):
    """One order with the customer it belongs to now, if any."""

    record: dict[str, Any]
    customer_id: UUID | None
    freshness: bytes
    steps: list[dict[str, Any]]


class OrderFilter(NamedTuple):
    """Which orders are asked for; what is None does not matter."""

    status: str | None = None
    open: bool | None = None
    channel: str | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERY = OrderFilter()


def page(
    connection: Connection,
    customer_id: UUID,
    *,
    after: Place | None,
    limit: int,
    only: OrderFilter = EVERY,
) -> StoredPage | None:
    """Return a customer's orders after a place, newest first."""
    at, system, id_ = after or (None, "", "")
    values = {"customer_id": customer_id, "limit": limit + 1, **only._asdict()}
    values["open_statuses"] = [status for status in OrderStatus if status.is_open]
    return read_page(
        connection, _PAGE, {**values, "at": at, "system": system, "id": id_}
    )


def by_key(connection: Connection, key: SourceKey) -> StoredOrder | None:
    """Return the order of a key, from whichever channel."""
    row = connection.execute(_ONE, [key.system, key.id]).fetchone()
    return StoredOrder(row[0], row[1], row[2].encode(), row[3]) if row else None


def keep_steps(connection: Connection, changes: Sequence[FactChange]) -> None:
    """Keep the statuses of these changes; one that is there already stays."""
    rows = [
        {
            "system": change.key.system,
            "id": change.key.id,
            "position": change.position,
            "status": change.after.status,
            "ms": change.source.ts_ms,
        }
        for change in changes
        if isinstance(change, OrderChange) and change.after is not None
    ]
    if rows:
        connection.execute(
            "INSERT INTO order_step (system, id, position, status, source_at)"
            " SELECT system, id, position, status, to_timestamp(ms / 1000.0)"
            " FROM jsonb_to_recordset(%s::jsonb) AS n (system text, id text,"
            "   position bigint[], status text, ms bigint)"
            " ORDER BY system, id, position ON CONFLICT DO NOTHING",
            [orjson.dumps(rows).decode()],
        )


_SET_STATUS = """
UPDATE customer_order o SET status = told.status FROM (
    SELECT DISTINCT ON (t.system, t.id) t.system, t.id, t.status
    FROM order_step t
    JOIN unnest(%(systems)s::text[], %(ids)s::text[]) k (system, id) USING (system, id)
    WHERE t.status <> 'paid' OR NOT EXISTS (
        SELECT FROM order_step e WHERE (e.system, e.id) = (t.system, t.id)
        AND e.position < t.position AND e.status <> ALL(%(before_fulfilment)s))
    ORDER BY t.system, t.id, t.position DESC
) told
WHERE (o.system, o.id) = (told.system, told.id) AND NOT o.deleted
AND o.status IS DISTINCT FROM told.status
RETURNING o.customer_record_id
"""


def set_status(connection: Connection, changes: Sequence[FactChange]) -> set[int]:
    """Give orders the status of their last step, whatever came in which order.

    A payment after the goods were sent does not open an order again. Returns the
    records of the customers whose orders moved.
    """
    keys = sorted({change.key for change in changes})
    moved = connection.execute(
        _SET_STATUS,
        {
            "systems": [key.system for key in keys],
            "ids": [key.id for key in keys],
            "before_fulfilment": [s for s in OrderStatus if s.is_before_fulfilment],
        },
    )
    return {owner for (owner,) in moved if owner is not None}
