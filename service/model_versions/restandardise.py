"""The current source records, standardised anew from what was received."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from matching.features.normalise import Features, normalise
from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints

CHUNK = 10_000


class Current(NamedTuple):
    """One live record: the state that was read, and its features before freezing."""

    record_id: int
    key: SourceKey
    position: tuple[int, ...]
    version: int
    normalised: Features


def live_ids(connection: Connection) -> list[int]:
    """Return the ids of all records that a source still holds."""
    rows = connection.execute(
        "SELECT record_id FROM source_record WHERE record IS NOT NULL ORDER BY 1"
    )
    return [row[0] for row in rows]


def standardised(
    connection: Connection, record_ids: Sequence[int]
) -> Iterator[list[Current]]:
    """Give the live ones of these records, some thousands at a time."""
    for start in range(0, len(record_ids), CHUNK):
        rows = connection.execute(
            "SELECT record_id, system, id, position, version, record"
            " FROM source_record WHERE record_id = ANY(%s::bigint[])"
            "   AND record IS NOT NULL ORDER BY record_id",
            [bigints(record_ids[start : start + CHUNK])],
        ).fetchall()
        yield [
            Current(
                record_id,
                SourceKey(system, id_),
                tuple(position),
                version,
                normalise(CustomerRecord.model_validate(record)),
            )
            for record_id, system, id_, position, version, record in rows
        ]
