"""The crosswalk: which source records make a customer, as the systems hold them."""

from __future__ import annotations

from uuid import UUID

from service.database.connection.session import Connection
from service.database.customers.pages import StoredPage, page_query, read_page

_PAGE = page_query(
    """SELECT s.record_id, s.system || ':' || s.id AS source_key, s.position,
        s.source_at, s.applied_at, s.record
    FROM label l JOIN source_record s USING (record_id)
    WHERE l.customer_id = %(customer_id)s AND NOT s.deleted
    AND s.record_id > %(after)s ORDER BY s.record_id LIMIT %(limit)s"""
)


def page(
    connection: Connection, customer_id: UUID, *, after: int, limit: int
) -> StoredPage | None:
    """Return a customer's source records after a record id, oldest first."""
    values = {"customer_id": customer_id, "after": after, "limit": limit + 1}
    return read_page(connection, _PAGE, values)
