"""Bulk loads: which file stands where, and its records, stored many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from psycopg import errors

from service.database.connection.session import Connection
from service.database.sources import dirty, source_records
from service.database.sources.source_records import NewState

LOAD_LOCK = 0x4C6F_6164  # "Load": one bulk load at a time

# Neither may stand in JSON unescaped, so no value ever needs quoting.
CSV = "(FORMAT csv, DELIMITER e'\\x02', QUOTE e'\\x01')"
_COLUMNS = (
    "system, id, position, version, deleted, record, raw, features, blocking_keys,"
    " model"
)


class BulkLoad(NamedTuple):
    """One file loaded as one system, and how far."""

    load_id: int
    first_record_id: int
    keyed_at: datetime | None
    finished_at: datetime | None


class Loaded(NamedTuple):
    """What stands of a load: its parts, the records in them, rows set aside."""

    parts: frozenset[int]
    records: int
    rejects: int


def lock(connection: Connection) -> bool:
    """Return whether this connection now is the only one that loads."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [LOAD_LOCK]).fetchone()
    return bool(row and row[0])


def unlock(connection: Connection) -> None:
    """Let others load."""
    connection.execute("SELECT pg_advisory_unlock(%s)", [LOAD_LOCK])


def begin(connection: Connection, *, system: str, digest: str) -> BulkLoad:
    """Return the load of this file as this system: a new one, or the one that was."""
    found = connection.execute(
        "SELECT load_id, first_record_id, keyed_at, finished_at FROM bulk_load"
        " WHERE system = %s AND digest = %s",
        [system, digest],
    ).fetchone()
    if found is None:
        found = connection.execute(
            "INSERT INTO bulk_load (system, digest, first_record_id) VALUES (%s, %s,"
            " nextval(pg_get_serial_sequence('source_record', 'record_id')))"
            " RETURNING load_id, first_record_id, keyed_at, finished_at",
            [system, digest],
        ).fetchone()
        assert found
    return BulkLoad(*found)


def loaded(connection: Connection, load_id: int) -> Loaded:
    """Return what is stored of a load."""
    rows = connection.execute(
        "SELECT part, records, jsonb_array_length(rejects) FROM bulk_load_part"
        " WHERE load_id = %s",
        [load_id],
    ).fetchall()
    return Loaded(
        frozenset(row[0] for row in rows),
        sum(row[1] for row in rows),
        sum(row[2] for row in rows),
    )


def rejects(connection: Connection, load_id: int) -> list[dict[str, Any]]:
    """Return the rows set aside, each with its number and reason, in order."""
    rows = connection.execute(
        "SELECT rejects FROM bulk_load_part WHERE load_id = %s"
        " AND rejects <> '[]' ORDER BY part",
        [load_id],
    )
    return [reject for row in rows for reject in row[0]]


def add_part(
    connection: Connection,
    load_id: int,
    *,
    part: int,
    records: int,
    rejects: Sequence[dict[str, Any]],
) -> None:
    """Say that the rows of a part are stored."""
    connection.execute(
        "INSERT INTO bulk_load_part (load_id, part, records, rejects)"
        " VALUES (%s, %s, %s, %s::jsonb)",
        [load_id, part, records, orjson.dumps(list(rejects)).decode()],
    )


def store(connection: Connection, states: Sequence[NewState], *, model: str) -> None:
    """Store records, whose blocking keys `write_keys` adds later.

    If any is known to the database already, all go the stream's way: stored unless
    stale, with their keys, and marked dirty.
    """
    if not states:
        return
    try:
        with connection.transaction():
            _copy(connection, states, model)
    except errors.UniqueViolation:
        changed = source_records.upsert(connection, states, model=model)
        dirty.mark(connection, changed)


def _copy(connection: Connection, states: Iterable[NewState], model: str) -> None:
    lines = b"".join(_line(state, model) for state in states)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY source_record ({_COLUMNS}) FROM STDIN {CSV}") as copy,
    ):
        copy.write(lines)


def _line(state: NewState, model: str) -> bytes:
    position = ",".join(map(str, state.position))
    keys = ",".join(map(str, state.blocking_keys))
    fields = (
        state.key.system.encode(),
        b"\x01" + state.key.id.replace("\x01", "\x01\x01").encode() + b"\x01",
        f"{{{position}}}".encode(),
        b"1",
        b"t" if state.record is None else b"f",
        _json(state.record),
        _json(state.raw),
        _json(state.features),
        f"{{{keys}}}".encode(),
        model.encode(),
    )
    return b"\x02".join(fields) + b"\n"


def _json(value: dict[str, Any] | None) -> bytes:
    return b"" if value is None else orjson.dumps(value)


def write_keys(connection: Connection, load: BulkLoad) -> None:
    """Add the blocking keys of all records stored since the load began.

    Those of a record that another program changes meanwhile may be too many for a
    moment: candidates are checked by value. A table without any is filled first and
    indexed then.
    """
    new = (
        "SELECT DISTINCT key, record_id FROM source_record,"
        " unnest(blocking_keys) AS k (key)"
        f" WHERE record_id >= {load.first_record_id}"
    )
    empty = "SELECT FROM blocking_key LIMIT 1"
    if connection.execute(empty).fetchone() is None:
        connection.execute("LOCK TABLE blocking_key IN ACCESS EXCLUSIVE MODE")
    if connection.execute(empty).fetchone() is None:
        connection.execute("ALTER TABLE blocking_key DROP CONSTRAINT blocking_key_pkey")
        connection.execute(
            f"INSERT INTO blocking_key (key, record_id) {new.replace('DISTINCT', '')}"
        )
        connection.execute("ALTER TABLE blocking_key ADD PRIMARY KEY (key, record_id)")
    else:
        connection.execute(
            f"INSERT INTO blocking_key (key, record_id) {new} ORDER BY key, record_id"
            " ON CONFLICT DO NOTHING"
        )
    connection.execute(
        "UPDATE bulk_load SET keyed_at = now() WHERE load_id = %s", [load.load_id]
    )


def finish(connection: Connection, load_id: int) -> None:
    """Say that the load's records have their customers."""
    connection.execute(
        "UPDATE bulk_load SET finished_at = now() WHERE load_id = %s", [load_id]
    )
