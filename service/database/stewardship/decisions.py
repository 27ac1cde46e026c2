"""What stewards decided of pairs of source keys; kept for ever, in force or revoked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from matching.clustering.cluster import Verdict
from schemas.source_key import SourceKey
from service.database.connection.session import Connection

_LOCK = 0x4465_6369  # "Deci": whoever adds or revokes a decision holds this lock
_COLUMNS = (
    "SELECT decision_id, system_a, id_a, system_b, id_b, verdict, steward, reason,"
    " decided_at, revoked_at, revoked_by, revoke_reason FROM decision d"
)


class Decided(NamedTuple):
    """One decision as stored: what was said of two source keys, by whom, and why."""

    decision_id: int
    left: SourceKey
    right: SourceKey
    verdict: Verdict
    steward: str
    reason: str | None
    decided_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None
    revoke_reason: str | None


class End(NamedTuple):
    """One end of a decision, as its source left it."""

    record_id: int
    seen: bool  # False for a stub: only facts came so far
    deleted: bool


def ends(connection: Connection, keys: Collection[SourceKey]) -> dict[SourceKey, End]:
    """Return the records of these keys; without those that never came."""
    rows = connection.execute(
        "SELECT system, id, record_id, position IS NOT NULL, deleted"
        " FROM source_record JOIN unnest(%s::text[], %s::text[]) AS k (system, id)"
        "   USING (system, id)",
        _columns(keys),
    )
    return {SourceKey(system, id_): End(*rest) for system, id_, *rest in rows}


def lock(connection: Connection) -> None:
    """Wait to be the only one who decides until the transaction ends.

    Two stewards at once could each add half of a contradiction.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def add(
    connection: Connection,
    pair: tuple[SourceKey, SourceKey],
    verdict: Verdict,
    *,
    steward: str,
    reason: str | None,
) -> int:
    """Store a decision; return its id."""
    left, right = pair
    row = connection.execute(
        "INSERT INTO decision (system_a, id_a, system_b, id_b, verdict, steward,"
        # the clock, not the transaction's start: that may lie before the lock was had
        "   reason, decided_at) VALUES (%s, %s, %s, %s, %s, %s, %s, clock_timestamp())"
        " RETURNING decision_id",
        [left.system, left.id, right.system, right.id, verdict, steward, reason],
    ).fetchone()
    assert row
    return int(row[0])


def revoke(
    connection: Connection, decision_id: int, *, steward: str, reason: str | None
) -> None:
    """Take a decision out of force; who did so, and why, stays with it."""
    connection.execute(
        "UPDATE decision SET revoked_at = clock_timestamp(), revoked_by = %s,"
        " revoke_reason = %s WHERE decision_id = %s AND revoked_at IS NULL",
        [steward, reason, decision_id],
    )


def find(connection: Connection, decision_id: int) -> Decided | None:
    """Return a decision, in force or revoked."""
    row = connection.execute(f"{_COLUMNS} WHERE decision_id = %s", [decision_id])
    return next(map(_decided, row), None)


def listed(connection: Connection, *, revoked_too: bool = False) -> list[Decided]:
    """Return the decisions in force, or all that were ever made, oldest first."""
    rows = connection.execute(
        f"{_COLUMNS} WHERE %s OR revoked_at IS NULL ORDER BY decision_id",
        [revoked_too],
    )
    return [_decided(row) for row in rows]


def newest(connection: Connection, *, limit: int) -> list[Decided]:
    """Return the newest decisions, in force or revoked, the last one first."""
    rows = connection.execute(f"{_COLUMNS} ORDER BY decision_id DESC LIMIT %s", [limit])
    return [_decided(row) for row in rows]


def touching(connection: Connection, keys: Collection[SourceKey]) -> list[Decided]:
    """Return the decisions in force that have an end among these keys."""
    rows = connection.execute(
        "WITH k AS (SELECT * FROM unnest(%s::text[], %s::text[]) AS k (system, id))"
        f" {_COLUMNS} WHERE verdict IN ('same', 'different') AND revoked_at IS NULL"
        "   AND decision_id IN ("
        "     SELECT decision_id FROM decision JOIN k"
        "       ON (system_a, id_a) = (k.system, k.id)"
        "     UNION SELECT decision_id FROM decision JOIN k"
        "       ON (system_b, id_b) = (k.system, k.id))"
        " ORDER BY decision_id",
        _columns(keys),
    )
    return [_decided(row) for row in rows]


def _columns(keys: Collection[SourceKey]) -> tuple[list[str], list[str]]:
    return [key.system for key in keys], [key.id for key in keys]


def _decided(row: tuple[object, ...]) -> Decided:
    decision_id, system_a, id_a, system_b, id_b, verdict, *rest = row
    left = SourceKey(str(system_a), str(id_a))
    right = SourceKey(str(system_b), str(id_b))
    return Decided(decision_id, left, right, Verdict(str(verdict)), *rest)  # type: ignore[arg-type]
