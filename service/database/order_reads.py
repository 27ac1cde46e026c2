"""Orders of a customer, newest first, and one order by its key."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from schemas.source_key import SourceKey
from service.database.freshness_reads import FRESHNESS
from service.database.page_reads import StoredPage, page_query, read_page
from service.database.session import Connection

# (time, system, id) is unique, so orders of the same instant split over two pages
# are neither lost nor shown twice.
_PAGE = page_query(
    """SELECT o.system, o.id, o.placed_at AS at, o.record FROM label l
    JOIN customer_order o ON o.customer_record_id = l.record_id
    WHERE l.customer_id = %(customer_id)s AND NOT o.deleted AND o.record IS NOT NULL
    AND o.placed_at IS NOT NULL AND (%(at)s::timestamptz IS NULL
        OR (o.placed_at, o.system, o.id) < (%(at)s::timestamptz, %(system)s, %(id)s))
    ORDER BY o.placed_at DESC, o.system DESC, o.id DESC LIMIT %(limit)s"""
)
_ONE = f"""
SELECT o.record, l.customer_id, {FRESHNESS} FROM customer_order o
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


def page(
    connection: Connection, customer_id: UUID, *, after: Place | None, limit: int
) -> StoredPage | None:
    """Return a customer's orders after a place, newest first."""
    at, system, id_ = after or (None, "", "")
    values = {"customer_id": customer_id, "limit": limit + 1}
    return read_page(
        connection, _PAGE, {**values, "at": at, "system": system, "id": id_}
    )


def by_key(connection: Connection, key: SourceKey) -> StoredOrder | None:
    """Return the order of a key, from whichever channel."""
    row = connection.execute(_ONE, [key.system, key.id]).fetchone()
    return StoredOrder(row[0], row[1], row[2].encode()) if row else None
