"""Records that several tables of a system give together: their parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints


class PartState(NamedTuple):
    """What one row says of a record; a deleted one has no record.

    Table and row are '' for what the record's own table says.
    """

    record_id: int
    system: str
    part_table: str
    part_row: str
    position: tuple[int, ...]
    record: dict[str, Any] | None
    raw: dict[str, Any] | None
    source_at: datetime | None


class StoredPart(NamedTuple):
    """One row as it stands; table and row are '' for the record's own."""

    part_table: str
    part_row: str
    record: dict[str, Any] | None
    raw: dict[str, Any] | None
    source_at: datetime | None


class StoredParts(NamedTuple):
    """What stands of one record, and the greatest position of all its parts."""

    record_id: int
    position: tuple[int, ...]
    parts: list[StoredPart]


MOST_PARTS = 500


def systems(connection: Connection, among: Collection[str]) -> set[str]:
    """Return those of the systems of which some record has parts."""
    rows = connection.execute(
        "SELECT s FROM unnest(%s::text[]) s WHERE EXISTS"
        " (SELECT FROM source_record_part WHERE system = s)",
        [list(among)],
    )
    return {row[0] for row in rows}


def lock(connection: Connection, record_ids: Collection[int]) -> None:
    """Hold these records, in the order of an upsert, until the transaction ends.

    So two that write parts of one record see one another's.
    """
    connection.execute(
        "SELECT FROM source_record WHERE record_id = ANY(%s::bigint[])"
        " ORDER BY system, id FOR UPDATE",
        [bigints(record_ids)],
    )


def having_parts(
    connection: Connection, system: str, among: Collection[int]
) -> set[int]:
    """Return those of the records of a system that have parts."""
    rows = connection.execute(
        "SELECT DISTINCT record_id FROM source_record_part"
        " WHERE system = %s AND record_id = ANY(%s::bigint[])",
        [system, bigints(among)],
    )
    return {row[0] for row in rows}


def keep_own(connection: Connection, record_ids: Collection[int]) -> None:
    """Keep what the record says by itself, before the first of its parts joins it."""
    connection.execute(
        "INSERT INTO source_record_part (system, record_id, part_table, part_row,"
        " position, deleted, record, raw, source_at)"
        " SELECT system, record_id, '', '', position, deleted, record, raw, source_at"
        " FROM source_record"
        " WHERE record_id = ANY(%s::bigint[]) AND position IS NOT NULL"
        " ON CONFLICT DO NOTHING",
        [bigints(record_ids)],
    )


_UPSERT = """
INSERT INTO source_record_part AS p (system, record_id, part_table, part_row, position,
    deleted, record, raw, source_at)
SELECT n.system, n.record_id, n.part_table, n.part_row, n.position, n.record IS NULL,
    n.record, n.raw, n.source_at
FROM jsonb_to_recordset(%s::jsonb) AS n (system text, record_id bigint,
    part_table text, part_row text, position bigint[], record jsonb, raw jsonb,
    source_at timestamptz)
ON CONFLICT (system, record_id, part_table, part_row) DO UPDATE SET
    position = excluded.position, deleted = excluded.deleted,
    record = excluded.record, raw = excluded.raw, source_at = coalesce(
        excluded.source_at, CASE WHEN NOT p.deleted THEN p.source_at END)
WHERE p.position < excluded.position
"""


def upsert(connection: Connection, states: Sequence[PartState]) -> None:
    """Store the parts that are newer than what is stored; each is named once."""
    rows = orjson.dumps([one._asdict() for one in states]).decode()
    connection.execute(_UPSERT, [rows])


def parts_of(connection: Connection, record_ids: Collection[int]) -> list[StoredParts]:
    """Return what stands of these records: the own part, and those that are live.

    At most MOST_PARTS of a record, by table and row: to an account that stands for all
    guests belong the addresses of all guests, and no change may read them all.
    """
    rows = connection.execute(
        "SELECT r.record_id, (SELECT max(position) FROM source_record_part m"
        "   WHERE m.system = r.system AND m.record_id = r.record_id),"
        "   p.* FROM source_record r CROSS JOIN LATERAL ("
        "     SELECT part_table, part_row, record, raw, source_at"
        "     FROM source_record_part l"
        "     WHERE l.system = r.system AND l.record_id = r.record_id"
        "       AND (part_table = '' OR NOT deleted)"
        "     ORDER BY part_table, part_row LIMIT %s) p"
        " WHERE r.record_id = ANY(%s::bigint[])",
        [MOST_PARTS, bigints(record_ids)],
    )
    positions: dict[int, tuple[int, ...]] = {}
    parts: dict[int, list[StoredPart]] = defaultdict(list)
    for record_id, position, *part in rows:
        positions[record_id] = tuple(position)
        parts[record_id].append(StoredPart(*part))
    return [StoredParts(one, positions[one], parts[one]) for one in sorted(parts)]


def remove(connection: Connection, record_ids: Collection[int]) -> None:
    """Remove the parts of these records; what was put together of them stays."""
    connection.execute(
        "DELETE FROM source_record_part WHERE record_id = ANY(%s::bigint[])",
        [bigints(record_ids)],
    )
