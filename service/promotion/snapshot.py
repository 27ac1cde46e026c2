"""The records as they stand now, standardised, with the customers they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from matching.clustering import Decision
from matching.normalise import Features, normalise
from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from service.database import links
from service.database.session import Connection
from service.database.snapshot import one_moment


class Seen(NamedTuple):
    """Which state of a record was read: another state has another of these."""

    position: tuple[int, ...]
    version: int


@dataclass(frozen=True)
class Snapshot:
    """All live records of one moment."""

    keys: Mapping[int, SourceKey]
    seen: Mapping[int, Seen]
    normalised: Mapping[int, Features]
    customers: Mapping[int, UUID]
    decisions: list[Decision]


def read(connection: Connection, *, earlier: Snapshot | None = None) -> Snapshot:
    """Return the records of one moment; those known from earlier are not read again."""
    keys: dict[int, SourceKey] = {}
    seen: dict[int, Seen] = {}
    normalised: dict[int, Features] = {}
    with one_moment(connection):
        for record_id, system, id_, position, version in connection.execute(
            "SELECT record_id, system, id, position, version FROM source_record"
            " WHERE record IS NOT NULL ORDER BY record_id"
        ):
            keys[record_id] = SourceKey(system, id_)
            seen[record_id] = Seen(tuple(position), version)
            if earlier and earlier.seen.get(record_id) == seen[record_id]:
                normalised[record_id] = earlier.normalised[record_id]
        missing = [record_id for record_id in keys if record_id not in normalised]
        normalised |= standardised(connection, missing)
        rows = connection.execute("SELECT record_id, customer_id FROM label")
        customers: dict[int, UUID] = dict(rows.fetchall())
        decisions = links.decisions(connection, list(keys))
    return Snapshot(keys, seen, normalised, customers, decisions)


def standardised(connection: Connection, record_ids: list[int]) -> dict[int, Features]:
    """Return the normalised features of these records, from what was received."""
    found: dict[int, Features] = {}
    for start in range(0, len(record_ids), 10_000):
        chunk = record_ids[start : start + 10_000]
        for record_id, record in connection.execute(
            "SELECT record_id, record FROM source_record"
            " WHERE record_id = ANY(%s) AND record IS NOT NULL",
            [chunk],
        ):
            found[record_id] = normalise(CustomerRecord.model_validate(record))
    return found
