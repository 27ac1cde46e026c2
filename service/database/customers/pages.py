"""One page of what belongs to a customer: a single statement with its freshness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from service.database.connection.session import Connection
from service.database.sources.system_freshness import FRESHNESS


class StoredPage(NamedTuple):
    """Rows in order, one more than asked if there is a next page."""

    retired_into: UUID | None
    exists: bool
    freshness: bytes
    rows: list[dict[str, Any]]


def page_query(rows: str) -> str:
    """Return the statement for a customer's page around a query of its rows.

    The rows are those of `%(customer_id)s`, at most `%(limit)s`.
    """
    return (
        f"SELECT c.retired_into, c.profile IS NOT NULL, {FRESHNESS},"
        f" (SELECT coalesce(json_agg(r), '[]')::text FROM ({rows}) r)"
        " FROM customer c WHERE c.customer_id = %(customer_id)s"
    )


def read_page(
    connection: Connection, query: str, values: Mapping[str, Any]
) -> StoredPage | None:
    """Return the page, or None if the customer id was never given."""
    row = connection.execute(query, values).fetchone()
    if row is None:
        return None
    return StoredPage(row[0], row[1], row[2].encode(), orjson.loads(row[3]))
