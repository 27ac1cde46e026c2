"""What another model makes of all records, beside what is in force.

Temporary tables of one connection: nobody else sees them, and they end with it. A
record stands in them with the position and version that was read, so a switch can tell
which records changed since.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from matching.bands import Bands
from matching.clustering import Clustering
from matching.score import ScoredPair
from service.database.arrays import bigints
from service.database.session import Connection


class ShadowRecord(NamedTuple):
    """One record as another model reads it, and the state that it was read from."""

    record_id: int
    position: tuple[int, ...]
    version: int
    features: dict[str, Any]
    blocking_keys: list[int]


_TABLES = (
    "CREATE TEMP TABLE shadow_record (record_id bigint PRIMARY KEY, position bigint[],"
    " version bigint, features jsonb, blocking_keys bigint[])",
    "CREATE TEMP TABLE shadow_link (a bigint, b bigint, weight float8,"
    " probability float8, evidence jsonb)",
    "CREATE TEMP TABLE shadow_label (record_id bigint PRIMARY KEY, component bigint,"
    " cluster bigint)",
)
_CHANGED = """
SELECT coalesce(s.record_id, h.record_id)
FROM (SELECT * FROM source_record WHERE record IS NOT NULL) s
FULL JOIN shadow_record h USING (record_id)
WHERE (s.position, s.version) IS DISTINCT FROM (h.position, h.version)
"""
_KEY_DIFFERENCE = """
SELECT s.record_id, s.blocking_keys AS old_keys, h.blocking_keys AS new_keys
FROM source_record s JOIN shadow_record h USING (record_id)
WHERE s.blocking_keys IS DISTINCT FROM h.blocking_keys
"""
_GONE_KEYS = f"""
WITH d AS MATERIALIZED ({_KEY_DIFFERENCE}), gone AS (
    SELECT record_id, unnest(old_keys) AS key FROM d
    EXCEPT SELECT record_id, unnest(new_keys) FROM d)
DELETE FROM blocking_key b USING gone g
WHERE b.key = g.key AND b.record_id = g.record_id
"""
_COME_KEYS = f"""
WITH d AS MATERIALIZED ({_KEY_DIFFERENCE})
INSERT INTO blocking_key (key, record_id)
SELECT unnest(new_keys), record_id FROM d
EXCEPT SELECT unnest(old_keys), record_id FROM d
ON CONFLICT DO NOTHING
"""
_RECORDS = """
UPDATE source_record s SET features = h.features, blocking_keys = h.blocking_keys,
    model = %s, version = s.version + 1
FROM shadow_record h WHERE h.record_id = s.record_id AND s.record IS NOT NULL
"""
_LINKS = """
INSERT INTO link (a, b, version_a, version_b, weight, probability, evidence, model)
SELECT h.a, h.b, ra.version, rb.version, h.weight, h.probability, h.evidence, %s
FROM shadow_link h JOIN source_record ra ON ra.record_id = h.a
JOIN source_record rb ON rb.record_id = h.b
WHERE h.a <> ALL(%s::bigint[]) AND h.b <> ALL(%s::bigint[])
"""
_OTHER_BANDS = """
SELECT coalesce(l.a, h.a), coalesce(l.b, h.b)
FROM link l FULL JOIN shadow_link h ON (l.a, l.b) = (h.a, h.b)
WHERE l.a IS NULL OR h.a IS NULL
    OR (l.probability >= %s) IS DISTINCT FROM (h.probability >= %s)
"""
_OTHER_LABELS = """
WITH live AS (
    SELECT record_id, component,
        min(record_id) OVER (PARTITION BY customer_id) AS cluster FROM label)
SELECT record_id FROM live FULL JOIN shadow_label h USING (record_id)
WHERE (live.component, live.cluster) IS DISTINCT FROM (h.component, h.cluster)
"""


def stage(
    connection: Connection,
    records: Iterable[ShadowRecord],
    *,
    pairs: Iterable[ScoredPair],
    clustering: Clustering,
) -> None:
    """Put a whole shadow run where `replace` finds it, in place of an earlier one."""
    for name in ("shadow_record", "shadow_link", "shadow_label"):
        connection.execute(f"DROP TABLE IF EXISTS pg_temp.{name}".encode())
    for table in _TABLES:
        connection.execute(table)
    add_records(connection, records)
    _copy(
        connection,
        "shadow_link (a, b, weight, probability, evidence)",
        ((*p[:4], orjson.dumps(p.evidence).decode()) for p in pairs),
    )
    _copy(
        connection,
        "shadow_label (record_id, component, cluster)",
        (
            (record_id, component, clustering.cluster[record_id])
            for record_id, component in clustering.component.items()
        ),
    )
    connection.execute("ANALYZE shadow_record")
    connection.execute("ANALYZE shadow_link")


def add_records(connection: Connection, records: Iterable[ShadowRecord]) -> None:
    """Add records to the shadow."""
    _copy(
        connection,
        "shadow_record (record_id, position, version, features, blocking_keys)",
        (
            (
                record.record_id,
                bigints(record.position),
                record.version,
                orjson.dumps(record.features).decode(),
                bigints(record.blocking_keys),
            )
            for record in records
        ),
    )


def forget_records(connection: Connection, record_ids: Collection[int]) -> None:
    """Take records out of the shadow."""
    connection.execute(
        "DELETE FROM shadow_record WHERE record_id = ANY(%s::bigint[])",
        [bigints(record_ids)],
    )


def changed(connection: Connection) -> list[int]:
    """Return the records that came, changed or went since the shadow read them."""
    return [row[0] for row in connection.execute(_CHANGED)]


def touched(connection: Connection, *, old: Bands, new: Bands) -> set[int]:
    """Return the records whose links or labels the shadow has otherwise."""
    pairs = connection.execute(_OTHER_BANDS, [old.match, new.match])
    ends = {end for pair in pairs for end in pair}
    return ends | {row[0] for row in connection.execute(_OTHER_LABELS)}


def replace(connection: Connection, *, model: str, without: Collection[int]) -> None:
    """Put the shadow in force; links of the records in `without` are left out."""
    connection.execute(_GONE_KEYS)
    connection.execute(_COME_KEYS)
    connection.execute(_RECORDS, [model])
    connection.execute("DELETE FROM link")
    left_out = bigints(without)
    connection.execute(_LINKS, [model, left_out, left_out])


def versions_of(
    connection: Connection, record_ids: Collection[int]
) -> Mapping[int, tuple[tuple[int, ...], int]]:
    """Return position and version of the live ones of these records."""
    rows = connection.execute(
        "SELECT record_id, position, version FROM source_record"
        " WHERE record_id = ANY(%s::bigint[]) AND record IS NOT NULL",
        [bigints(record_ids)],
    )
    return {record_id: (tuple(position), v) for record_id, position, v in rows}


def _copy(connection: Connection, into: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {into} FROM STDIN".encode()) as copy,
    ):
        for row in rows:
            copy.write_row(row)
