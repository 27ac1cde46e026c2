"""A consistent snapshot of everything the batch compares, written to files.

The server writes the lines and Python only passes them on: a million records take
seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from schemas.source_key import SourceKey
from service.database.batches.bulk_loads import CSV
from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints

# Features are an object with many fields: its brace opens ours.
_RECORDS = (
    "SELECT '{{\"unique_id\":' || record_id || ',\"version\":' || version || ',' ||"
    " substr(features::text, 2) FROM {table} WHERE features IS NOT NULL"
)

DECIDED = (
    "SELECT s.record_id FROM decision d JOIN source_record s"
    " ON (s.system, s.id) IN ((d.system_a, d.id_a), (d.system_b, d.id_b))"
    " WHERE d.revoked_at IS NULL"
)
"""The records that a standing decision names."""
UNFINISHED = (
    "SELECT record_id FROM dirty UNION SELECT record_id FROM source_record s"
    " WHERE record_id >= (SELECT min(first_record_id) FROM bulk_load"
    "   WHERE finished_at IS NULL)"
    " AND NOT EXISTS (SELECT FROM label l WHERE l.record_id = s.record_id)"
)
"""The records whose customer is not yet written: marked, or of a load that stopped."""


def write_records(
    connection: Connection, file: Path, *, table: str = "source_record"
) -> None:
    """Write a line of JSON a live record: its id, version and features."""
    records = _RECORDS.format(table=table)
    _write(connection, f"COPY ({records}) TO STDOUT {CSV}", file)


def write_rows(connection: Connection, query: str, file: Path) -> None:
    """Write the rows of a query as CSV."""
    _write(connection, f"COPY ({query}) TO STDOUT (FORMAT csv)", file)


def keys_of(connection: Connection, record_ids: Sequence[int]) -> dict[int, SourceKey]:
    """Return the source keys of the records."""
    rows = connection.execute(
        "SELECT record_id, system, id FROM source_record"
        " WHERE record_id = ANY(%s::bigint[])",
        [bigints(record_ids)],
    )
    return {record_id: SourceKey(system, id_) for record_id, system, id_ in rows}


def _write(connection: Connection, copy_sql: str, file: Path) -> None:
    with (
        file.open("wb") as lines,
        connection.cursor() as cursor,
        cursor.copy(copy_sql.encode()) as copy,
    ):
        lines.writelines(copy)


PIECE = 20_000


def features(connection: Connection) -> Iterator[dict[int, dict[str, Any]]]:
    """Yield the features of every live record, by record id; inside a transaction."""
    with connection.cursor(name="coverage_features") as cursor:
        cursor.execute(
            "SELECT record_id, features FROM source_record WHERE features IS NOT NULL"
        )
        while rows := cursor.fetchmany(PIECE):
            yield dict(rows)


def linked(connection: Connection, *, match: float) -> list[tuple[int, int]]:
    """Return the pairs linked at or above the match threshold."""
    return connection.execute(
        "SELECT a, b FROM link WHERE probability >= %s", [match]
    ).fetchall()
