"""What the resolver knows of the records of a customer, and of the links between."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from matching.clustering.cluster import Link
from matching.scoring.scored_pair import ScoredPair
from schemas.source_key import SourceKey
from service.database.clusters import labels
from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints


class Member(NamedTuple):
    """A live record; `waits` says that its customer is not yet written."""

    record_id: int
    key: SourceKey
    customer_id: UUID | None
    features: dict[str, Any]
    waits: bool


class StoredLink(NamedTuple):
    """A scored pair as stored, and the model version that scored it."""

    pair: ScoredPair
    model: str

    def link(self) -> Link:
        """Return what clustering sees of it."""
        return Link(*self.pair[:4])


_MEMBERS = """
SELECT s.record_id, s.system, s.id, l.customer_id, s.features,
    EXISTS (SELECT FROM dirty d WHERE d.record_id = s.record_id)
FROM source_record s LEFT JOIN label l USING (record_id)
WHERE s.features IS NOT NULL AND WHICH ORDER BY s.record_id
"""


def by_key(connection: Connection, key: SourceKey) -> list[Member]:
    """Return the live record of a source key, if there is one."""
    return _members(connection, "s.system = %s AND s.id = %s", [key.system, key.id])


def of_customer(connection: Connection, customer_id: UUID) -> list[Member]:
    """Return the live records of a customer, oldest first."""
    return _members(connection, "l.customer_id = %s", [customer_id])


def whole_groups(connection: Connection, record_ids: Collection[int]) -> list[Member]:
    """Return all live records that cluster together with these: whole components."""
    whole = labels.whole_components(connection, record_ids)
    ids = bigints(whole.record_ids)
    return _members(connection, "s.record_id = ANY(%s::bigint[])", [ids])


def links_among(
    connection: Connection, record_ids: Collection[int]
) -> list[StoredLink]:
    """Return the links, doubtful ones too, with both ends in these records."""
    rows = connection.execute(
        "SELECT a, b, weight, probability, evidence, model FROM link"
        " WHERE a = ANY(%(ids)s::bigint[]) AND b = ANY(%(ids)s::bigint[])"
        " ORDER BY a, b",
        {"ids": bigints(record_ids)},
    )
    return [StoredLink(ScoredPair(*row[:5]), row[5]) for row in rows]


def suspended(connection: Connection, keys: Collection[int]) -> frozenset[int]:
    """Return those of the blocking keys that find no candidates."""
    rows = connection.execute(
        "SELECT key FROM suspended_key WHERE key = ANY(%s::bigint[])", [bigints(keys)]
    )
    return frozenset(row[0] for row in rows)


def _members(
    connection: Connection, which: str, values: Sequence[object]
) -> list[Member]:
    query = _MEMBERS.replace("WHICH", which)
    return [
        Member(record_id, SourceKey(system, id_), customer_id, features, waits)
        for record_id, system, id_, customer_id, features, waits in connection.execute(
            query.encode(), values
        )
    ]
