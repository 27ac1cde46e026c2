"""Deletes that no source told of: what a complete snapshot did not see is gone.

A small sweep is applied by itself. A large one, or one whose snapshot met rows that
could not be read, is held: it says how many records would go, and waits for a person.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import structlog

from schemas import wire
from schemas.change_event import CHANGE_OF, ChangeEvent, Op, Source
from service.database.connection.session import Connection
from service.database.sources import snapshots, sweeps
from service.database.sources.sweeps import MissingRecord, State
from service.resolver.micro_batch import Batch, Message, ReceivedEvent

log = structlog.get_logger()

FEW = 20
SHARE = 0.05
MOST = 10_000
_AT_ONCE = 500
_NOWHERE = Message(wire.SNAPSHOTS_TOPIC, "", 0, 0, None, None, ())


def sweep(
    connection: Connection, fold: Callable[[Batch], object], *, consumer: str
) -> int:
    """Judge what snapshots are complete and fold approved deletes in, some at once;
    return how many. A crash in between repeats them, which changes nothing."""
    evaluate_snapshots(connection, consumer=consumer)
    vanished, deletes = deletions(connection)
    if deletes:
        fold(Batch(deletes, [], []))
        sweeps.forget(connection, vanished)
    return len(deletes)


def evaluate_snapshots(connection: Connection, *, consumer: str) -> None:
    """Find what complete snapshots did not see; approve it, or hold it for a person."""
    for system, snapshot in snapshots.complete(connection, consumer=consumer):
        with connection.transaction():
            sweep_id = sweeps.begin(connection, system, snapshot)
            if sweep_id is None:
                continue
            found = snapshots.find_vanished(connection, sweep_id, system, snapshot)
            outcome = approve_or_hold(connection, sweep_id, *found)
        log.info(
            "snapshot judged",
            system=system,
            state=str(outcome.state),
            count=outcome.vanished,
        )


class SweepOutcome(NamedTuple):
    """What becomes of a sweep: how many it found, and why it is held if it is."""

    sweep_id: int
    state: State
    vanished: int
    why: str | None


def approve_or_hold(
    connection: Connection, sweep_id: int, held: int, vanished: int, unreadable: int
) -> SweepOutcome:
    """Approve a sweep, or hold it for a person; of nothing it is done."""
    why = hold_reason(held, vanished, unreadable)
    state = State.HELD if why else State.APPROVED
    if not vanished:
        state = State.APPLIED
    sweeps.set_state(connection, sweep_id, state, reason=why)
    return SweepOutcome(sweep_id, state, vanished, why)


def hold_reason(held: int, vanished: int, unreadable: int) -> str | None:
    """Say why a sweep is not applied by itself; None if it is."""
    if not vanished:
        return None
    if unreadable:
        return (
            f"the snapshot could not read {unreadable} rows: they may be among the"
            f" {vanished} that it did not see"
        )
    if vanished > min(max(FEW, SHARE * held), MOST):
        return (
            f"{vanished} of {held} records were not seen: more than is deleted unasked"
        )
    return None


def deletions(
    connection: Connection,
) -> tuple[list[MissingRecord], list[ReceivedEvent]]:
    """Return approved vanished records, and the deletes that say so to the resolver.

    Guarded by their position: a record that has changed since stays.
    """
    vanished = sweeps.approved(connection, limit=_AT_ONCE)
    now = time.time_ns() // 1_000_000
    return vanished, [ReceivedEvent(_delete(one, now), _NOWHERE) for one in vanished]


def _delete(one: MissingRecord, now: int) -> ChangeEvent:
    part = {"part": one.part} if one.part else {}
    return CHANGE_OF[one.kind](
        **part,
        op=Op.DELETE,
        key=one.key,
        position=one.position,
        source=Source(connector="sweep", table="snapshot", snapshot=True),
        ts_ms=now,
    )
