"""Sweeps: what a complete snapshot of a source did not see is deleted, with care."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from schemas.change_event import Position, RecordKind, RecordPart
from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.errors import ServiceError


class State(StrEnum):
    """Where a sweep stands."""

    APPROVED = "approved"
    HELD = "held"
    APPLIED = "applied"
    DISCARDED = "discarded"


class MissingRecord(NamedTuple):
    """A record or a part of one that a snapshot did not see, and the position at which
    it is gone."""

    sweep_id: int
    kind: RecordKind
    key: SourceKey
    position: Position
    part: RecordPart | None = None


class Sweep(NamedTuple):
    """What one snapshot did not see of a system."""

    sweep_id: int
    system: str
    state: State
    reason: str | None
    held_records: int
    vanished: int
    found_at: datetime


class UnknownSweep(ServiceError):
    """No sweep of this number waits for a person."""

    remedy = "List those that do with `couture sweeps list`."


def begin(connection: Connection, system: str, snapshot: str) -> int | None:
    """Start the sweep of a snapshot; None if another worker has done so.

    A sweep of an earlier snapshot of the system that was not applied is discarded.
    """
    row = connection.execute(
        "INSERT INTO sweep (system, snapshot, state, held_records, vanished)"
        " VALUES (%s, %s, 'held', 0, 0) ON CONFLICT DO NOTHING RETURNING sweep_id",
        [system, snapshot],
    ).fetchone()
    if row is None:
        return None
    sweep_id: int = row[0]
    for earlier in connection.execute(
        "SELECT sweep_id FROM sweep WHERE system = %s AND state IN ('held', 'approved')"
        " AND sweep_id < %s",
        [system, sweep_id],
    ).fetchall():
        set_state(
            connection, earlier[0], State.DISCARDED, reason="a newer snapshot came"
        )
    return sweep_id


def set_state(
    connection: Connection, sweep_id: int, state: State, *, reason: str | None = None
) -> None:
    """Set where a sweep stands; what is discarded forgets what it found."""
    connection.execute(
        "UPDATE sweep SET state = %s, reason = coalesce(%s, reason),"
        " settled_at = CASE WHEN %s IN ('applied', 'discarded') THEN now() END"
        " WHERE sweep_id = %s",
        [state, reason, state, sweep_id],
    )
    if state is State.DISCARDED:
        connection.execute("DELETE FROM vanished_key WHERE sweep_id = %s", [sweep_id])


def approved(connection: Connection, *, limit: int) -> list[MissingRecord]:
    """Return vanished records that are to be deleted, at most `limit`."""
    rows = connection.execute(
        f"SELECT {_MISSING} FROM vanished_key v JOIN sweep s USING (sweep_id)"
        f" WHERE s.state = 'approved' ORDER BY v.sweep_id, {_ORDER} LIMIT %s",
        [limit],
    ).fetchall()
    return [_missing(*row) for row in rows]


def forget(connection: Connection, applied: Sequence[MissingRecord]) -> None:
    """Forget what is deleted now; a sweep of which nothing is left is applied."""
    connection.execute(
        "DELETE FROM vanished_key v USING unnest(%s::bigint[], %s::text[], %s::text[],"
        " %s::text[], %s::text[]) AS n (sweep_id, kind, id, part_table, part_row)"
        " WHERE (v.sweep_id, v.kind, v.id, v.part_table, v.part_row)"
        "   = (n.sweep_id, n.kind, n.id, n.part_table, n.part_row)",
        [
            [one.sweep_id for one in applied],
            [str(one.kind) for one in applied],
            [one.key.id for one in applied],
            [one.part.table if one.part else "" for one in applied],
            [one.part.row if one.part else "" for one in applied],
        ],
    )
    connection.execute(
        "UPDATE sweep s SET state = 'applied', settled_at = now()"
        " WHERE state = 'approved' AND NOT EXISTS"
        " (SELECT FROM vanished_key v WHERE v.sweep_id = s.sweep_id)"
    )


def listed(connection: Connection) -> list[Sweep]:
    """Return all sweeps, the newest first."""
    rows = connection.execute(
        "SELECT sweep_id, system, state, reason, held_records, vanished, found_at"
        " FROM sweep ORDER BY sweep_id DESC"
    )
    return [Sweep(row[0], row[1], State(row[2]), *row[3:]) for row in rows]


def keys(connection: Connection, sweep_id: int) -> list[MissingRecord]:
    """Return what a sweep would delete; raise UnknownSweep if it waits for nothing."""
    waiting(connection, sweep_id)
    rows = connection.execute(
        f"SELECT {_MISSING} FROM vanished_key v JOIN sweep s USING (sweep_id)"
        f" WHERE sweep_id = %s ORDER BY {_ORDER}",
        [sweep_id],
    )
    return [_missing(*row) for row in rows]


_MISSING = "v.sweep_id, v.kind, s.system, v.id, v.position, v.part_table, v.part_row"
_ORDER = "v.kind, v.id, v.part_table, v.part_row"


def _missing(
    sweep_id: int, kind: str, system: str, id_: str, position: list[int], *part: str
) -> MissingRecord:
    return MissingRecord(
        sweep_id,
        RecordKind(kind),
        SourceKey(system, id_),
        tuple(position),
        RecordPart(table=part[0], row=part[1]) if part[0] else None,
    )


def waiting(connection: Connection, sweep_id: int) -> str:
    """Return the system of a sweep that is held; raise UnknownSweep."""
    row = connection.execute(
        "SELECT system FROM sweep WHERE sweep_id = %s AND state = 'held' FOR UPDATE",
        [sweep_id],
    ).fetchone()
    if row is None:
        raise UnknownSweep(f"No sweep {sweep_id} is held.")
    return str(row[0])
