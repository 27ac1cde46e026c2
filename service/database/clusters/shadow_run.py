"""What another model makes of all records, beside what is in force.

Temporary tables of one connection: nobody else sees them, and they end with it. A
record stands in them with the position and version that was read, so a switch can tell
which records changed since.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints


class ShadowRecord(NamedTuple):
    """One record as another model reads it, and the state that it was read from."""

    record_id: int
    position: tuple[int, ...]
    version: int
    features: dict[str, Any]
    blocking_keys: list[int]


_RECORD = (
    "CREATE TEMP TABLE shadow_record (record_id bigint PRIMARY KEY, position bigint[],"
    " version bigint, features jsonb, blocking_keys bigint[])"
)
_FOUND = {
    "shadow_link": "a bigint, b bigint, weight float8, probability float8,"
    " evidence jsonb",
    "shadow_label": "record_id bigint PRIMARY KEY, component bigint, cluster bigint",
}
_CHANGED = """
SELECT coalesce(s.record_id, h.record_id)
FROM (SELECT * FROM source_record WHERE record IS NOT NULL) s
FULL JOIN shadow_record h USING (record_id)
WHERE (s.position, s.version) IS DISTINCT FROM (h.position, h.version) ORDER BY 1
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
_OTHER_LABELS = """
WITH live AS (
    SELECT record_id, component,
        min(record_id) OVER (PARTITION BY customer_id) AS cluster FROM label)
SELECT record_id FROM live FULL JOIN shadow_label h USING (record_id)
WHERE (live.component, live.cluster) IS DISTINCT FROM (h.component, h.cluster)
"""
_LIVE = """
SELECT record_id, min(record_id) OVER (PARTITION BY customer_id) FROM label
"""


def begin(connection: Connection) -> None:
    """Start an empty shadow, in place of an earlier one."""
    connection.execute("DROP TABLE IF EXISTS pg_temp.shadow_record")
    connection.execute(_RECORD)


def put_records(connection: Connection, records: Iterable[ShadowRecord]) -> None:
    """Add records that are not in the shadow."""
    columns = "record_id, position, version, features, blocking_keys"
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY shadow_record ({columns}) FROM STDIN".encode()) as copy,
    ):
        for record in records:
            copy.write_row(
                (
                    record.record_id,
                    bigints(record.position),
                    record.version,
                    orjson.dumps(record.features).decode(),
                    bigints(record.blocking_keys),
                )
            )


def forget_records(connection: Connection, record_ids: Collection[int]) -> None:
    """Take records out of the shadow."""
    connection.execute(
        "DELETE FROM shadow_record WHERE record_id = ANY(%s::bigint[])",
        [bigints(record_ids)],
    )


def keep_found(
    connection: Connection, *, links: Path, labels: Path, largest_block: int
) -> None:
    """Store what the batch found of the shadow's records, as CSV files."""
    for name, file in (("shadow_link", links), ("shadow_label", labels)):
        connection.execute(f"DROP TABLE IF EXISTS pg_temp.{name}".encode())
        connection.execute(f"CREATE TEMP TABLE {name} ({_FOUND[name]})".encode())
        _copy_file(connection, name, file)
    connection.execute("DROP TABLE IF EXISTS pg_temp.shadow_crowd")
    connection.execute(
        "CREATE TEMP TABLE shadow_crowd AS SELECT key FROM"
        " (SELECT unnest(blocking_keys) AS key FROM shadow_record) k"
        f" WHERE {int(largest_block)} > 0"
        f" GROUP BY key HAVING count(*) > {int(largest_block)}"
    )
    for name in ("shadow_record", "shadow_link"):
        connection.execute(f"ANALYZE {name}".encode())


def crowded(connection: Connection) -> list[int]:
    """Return the blocking keys that the batch left out for having too many records."""
    return [row[0] for row in connection.execute("SELECT key FROM shadow_crowd")]


def changed(connection: Connection) -> list[int]:
    """Return the records that came, changed or went since the shadow read them."""
    return [row[0] for row in connection.execute(_CHANGED)]


def other_labels(connection: Connection) -> list[int]:
    """Return the records whose component or customer the shadow has otherwise."""
    return [row[0] for row in connection.execute(_OTHER_LABELS)]


def clusters(connection: Connection) -> dict[int, int]:
    """Return the shadow's cluster of each record, named by its smallest record id."""
    return dict(_pairs(connection, "SELECT record_id, cluster FROM shadow_label"))


def live_clusters(connection: Connection) -> dict[int, int]:
    """Return the customer of each record in force, named by its smallest record id."""
    return dict(_pairs(connection, _LIVE))


def replace(connection: Connection, *, model: str, without: Collection[int]) -> None:
    """Put the shadow in force; links of the records in `without` are left out."""
    connection.execute(_GONE_KEYS)
    connection.execute(_COME_KEYS)
    connection.execute(_RECORDS, [model])
    connection.execute("DELETE FROM link")
    left_out = bigints(without)
    connection.execute(_LINKS, [model, left_out, left_out])


def _pairs(connection: Connection, query: str) -> Iterator[tuple[int, int]]:
    yield from connection.execute(query.encode())


def _copy_file(connection: Connection, table: str, file: Path) -> None:
    statement = f"COPY {table} FROM STDIN (FORMAT csv)".encode()
    with (
        file.open("rb") as lines,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        while chunk := lines.read(1 << 20):
            copy.write(chunk)
