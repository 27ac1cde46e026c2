"""A customer's loyalty movements, newest first."""

from __future__ import annotations

from uuid import UUID

from service.database.connection.session import Connection
from service.database.customers.pages import StoredPage, page_query, read_page
from service.database.facts.orders import Place

_PAGE = page_query(
    """SELECT m.system, m.id, m.at, m.programme, m.unit,
        trim_scale(m.amount)::text AS amount, m.kind, m.order_key, m.expires_on,
        m.confirms, s.system || ':' || s.id AS account FROM label l
    JOIN loyalty_movement m ON m.customer_record_id = l.record_id
    JOIN source_record s ON s.record_id = l.record_id
    WHERE l.customer_id = %(customer_id)s AND (%(at)s::timestamptz IS NULL
        OR (m.at, m.system, m.id) < (%(at)s::timestamptz, %(system)s, %(id)s))
    ORDER BY m.at DESC, m.system DESC, m.id DESC LIMIT %(limit)s"""
)


def page(
    connection: Connection, customer_id: UUID, *, after: Place | None, limit: int
) -> StoredPage | None:
    """Return a customer's movements after a place, newest first."""
    at, system, id_ = after or (None, "", "")
    values = {"customer_id": customer_id, "limit": limit + 1}
    return read_page(
        connection, _PAGE, {**values, "at": at, "system": system, "id": id_}
    )
