"""Replication slots, and the room that the database takes."""

from __future__ import annotations

from typing import NamedTuple

from service.database.connection.session import Connection


class Slot(NamedTuple):
    """A logical replication slot, and how much log is kept for it."""

    name: str
    active: bool
    held_bytes: int
    lost: bool


def slots(connection: Connection) -> list[Slot]:
    """Return the slots of this server, by name."""
    rows = connection.execute(
        "SELECT slot_name, active, coalesce(pg_wal_lsn_diff("
        " pg_current_wal_lsn(), restart_lsn), 0)::bigint,"
        " wal_status IS NOT DISTINCT FROM 'lost'"
        " FROM pg_replication_slots WHERE NOT pg_is_in_recovery() ORDER BY slot_name"
    )
    return [Slot(*row) for row in rows]


def database_bytes(connection: Connection) -> int:
    """Return what this database takes on the disk."""
    row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])


def data_directory(connection: Connection) -> str | None:
    """Return where the server keeps its files; raise psycopg.Error if not for us."""
    row = connection.execute("SELECT current_setting('data_directory')").fetchone()
    return str(row[0]) if row else None
