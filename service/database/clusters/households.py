"""The household of a customer, read when asked: it costs the stream nothing."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple
from uuid import UUID

from matching.explanation.households import (
    MOST_RECORDS,
    Shared,
    keys_to_ask,
    shared_attributes,
)
from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints
from service.database.sources.system_freshness import FRESHNESS

_CUSTOMER = (
    f"SELECT retired_into, profile IS NOT NULL, {FRESHNESS} FROM customer"
    " WHERE customer_id = %s"
)
_MEMBERS = (
    "SELECT s.features FROM label JOIN source_record s USING (record_id)"
    " WHERE customer_id = %s AND s.features IS NOT NULL ORDER BY record_id"
)
_SHARING = """
WITH hit AS (
    SELECT DISTINCT l.customer_id
    FROM unnest(%(keys)s::bigint[]) AS k (key)
    CROSS JOIN LATERAL (SELECT array_agg(record_id) AS ids FROM (
        SELECT b.record_id FROM blocking_key b WHERE b.key = k.key
        LIMIT %(most)s + 1) few) block
    JOIN label l ON l.record_id = ANY (block.ids)
    WHERE cardinality(block.ids) <= %(most)s AND l.customer_id <> %(customer_id)s
)
SELECT l.customer_id, s.features FROM hit JOIN label l USING (customer_id)
JOIN source_record s USING (record_id)
WHERE s.features IS NOT NULL ORDER BY l.customer_id, s.record_id
"""


class Relative(NamedTuple):
    """Another customer, and what the two share."""

    customer_id: UUID
    shares: list[Shared]


class Household(NamedTuple):
    """A customer's place among customers; nobody but them if `relatives` is empty."""

    retired_into: UUID | None
    exists: bool
    freshness: bytes
    relatives: list[Relative]


def household(connection: Connection, customer_id: UUID) -> Household | None:
    """Return who shares a life with a customer; None if the id was never given."""
    row = connection.execute(_CUSTOMER, [customer_id]).fetchone()
    if row is None:
        return None
    return Household(
        row[0], row[1], row[2].encode(), _relatives(connection, customer_id)
    )


def _relatives(connection: Connection, customer_id: UUID) -> list[Relative]:
    mine = [row[0] for row in connection.execute(_MEMBERS, [customer_id])]
    keys = keys_to_ask(mine)
    if not keys:
        return []
    others: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    asked = {"keys": bigints(keys), "most": MOST_RECORDS, "customer_id": customer_id}
    for other, features in connection.execute(_SHARING, asked):
        others[other].append(features)
    found = [
        Relative(other, shared_attributes(mine, held)) for other, held in others.items()
    ]
    return [relative for relative in found if relative.shares]
