"""Records that share a blocking key with what a caller knows of a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints, uuids
from service.database.sources import blocking_keys

UNBOUNDED = 1_000_000


class Known(NamedTuple):
    """A stored record to compare with, and the customer it belongs to, if labelled."""

    record_id: int
    key: SourceKey
    customer_id: UUID | None
    features: dict[str, Any]


class Sharing(NamedTuple):
    """The records that share most keys, and how many more share one."""

    records: list[Known]
    left_out: int


# CROSS JOIN LATERAL with a LIMIT keeps the plan on the key's index, as in
# `source_records.candidates`. A block that is full would be suspended if the person
# were published, so it finds nobody. Features are read only of records that stay.
_SHARING = f"""
WITH hit AS (
    SELECT r.record_id, count(*) AS keys
    FROM (SELECT key FROM unnest(%(keys)s::bigint[]) AS u (key)
        WHERE {blocking_keys.ACTIVE_KEY}) k
    CROSS JOIN LATERAL (SELECT array_agg(record_id) AS ids FROM (
        SELECT b.record_id FROM blocking_key b
        WHERE b.key = k.key LIMIT %(block)s) few) block
    CROSS JOIN LATERAL unnest(block.ids) AS r (record_id)
    WHERE cardinality(block.ids) < %(block)s
    GROUP BY r.record_id
), best AS (
    SELECT record_id, count(*) OVER () AS all_hits FROM hit
    ORDER BY keys DESC, record_id LIMIT %(at_most)s
)
SELECT b.all_hits, s.record_id, s.system, s.id, l.customer_id, s.features
FROM best b JOIN source_record s USING (record_id) LEFT JOIN label l USING (record_id)
WHERE s.features IS NOT NULL ORDER BY s.record_id
"""


def sharing(
    connection: Connection, keys: Sequence[int], *, at_most: int, block: int
) -> Sharing:
    """Return the records under these keys; those with most keys if there are many.

    `block` is the most records that a block may have, 0 for any number.
    """
    values = {
        "keys": bigints(keys),
        "at_most": at_most,
        "block": block or UNBOUNDED,
    }
    rows = connection.execute(_SHARING, values).fetchall()
    records = [
        Known(record_id, SourceKey(system, id_), customer_id, features)
        for _, record_id, system, id_, customer_id, features in rows
    ]
    all_hits = rows[0][0] if rows else 0
    return Sharing(records, max(0, all_hits - at_most))


def documents(
    connection: Connection, customer_ids: Sequence[UUID]
) -> dict[UUID, bytes]:
    """Return the profile documents of these live customers."""
    rows = connection.execute(
        "SELECT customer_id, profile FROM customer"
        " WHERE customer_id = ANY(%s::uuid[]) AND profile IS NOT NULL",
        [uuids(customer_ids)],
    )
    return {customer_id: bytes(profile) for customer_id, profile in rows}
