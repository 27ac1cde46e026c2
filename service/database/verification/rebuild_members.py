"""Customers as they stand, with their records and contact keys, to be made again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from service.database.connection.session import Connection
from service.database.connection.sql_arrays import uuids
from service.database.customers.customers import CustomerRow

_FINISHED = (
    "c.profile IS NOT NULL AND c.retired_into IS NULL AND NOT EXISTS ("
    " SELECT FROM label l JOIN dirty d USING (record_id)"
    " WHERE l.customer_id = c.customer_id)"
)


class Standing(NamedTuple):
    """A customer with the records that its cluster holds and the keys that find it."""

    row: CustomerRow
    record_ids: list[int]
    contact_keys: set[tuple[str, str]]


def count(connection: Connection) -> int:
    """Return how many golden records there are."""
    row = connection.execute(
        "SELECT count(*) FROM customer WHERE profile IS NOT NULL"
    ).fetchone()
    return int(row[0]) if row else 0


def customers(connection: Connection) -> list[UUID]:
    """Return the ids of all golden records that are not being written."""
    rows = connection.execute(
        f"SELECT customer_id FROM customer c WHERE {_FINISHED} ORDER BY customer_id",
        binary=True,
    )
    return [row[0] for row in rows]


def standing(connection: Connection, ids: Sequence[UUID]) -> list[Standing]:
    """Return the finished ones of these customers; none without a record."""
    rows = connection.execute(
        "SELECT c.customer_id, c.anchor, c.retired_into, c.version, c.profile,"
        "  (SELECT array_agg(l.record_id ORDER BY l.record_id) FROM label l"
        "     WHERE l.customer_id = c.customer_id),"
        "  ARRAY(SELECT k.kind || ' ' || k.value FROM contact_key k"
        "     WHERE k.customer_id = c.customer_id)"
        f" FROM customer c WHERE c.customer_id = ANY(%s::uuid[]) AND {_FINISHED}",
        [uuids(ids)],
    )
    return [
        Standing(
            CustomerRow(*row[:5]),
            row[5],
            {(kind, value) for kind, _, value in (k.partition(" ") for k in row[6])},
        )
        for row in rows
        if row[5]
    ]
