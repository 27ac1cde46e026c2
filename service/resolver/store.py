"""Step A: records and facts are stored unless stale, and marked dirty."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from matching.model.model_version import Model
from schemas.change_event import (
    CustomerChange,
    FactChange,
    MovementChange,
    Op,
    RecordKind,
)
from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.facts import facts, orders, programmes
from service.database.operations.dead_letters import DeadLetter
from service.database.sources import dirty, source_records
from service.database.sources.source_records import NewState
from service.resolver.micro_batch import (
    ReceivedEvent,
    newest,
    source_time,
    to_dead_letter,
)
from service.resolver.suppression_check import reject_suppressed

_CHANGING_FACTS = (RecordKind.ORDER, RecordKind.INTERACTION, RecordKind.CONSENT)


class Published(NamedTuple):
    """The batch's records, stale ones too, and the events that may not take effect."""

    record_ids: list[int]
    refused: list[DeadLetter]


def publish(
    connection: Connection, placed: Sequence[ReceivedEvent], *, model: Model
) -> Published:
    """Store what is newer than what is stored, and mark its records dirty.

    A redelivered record that is not newer is returned too: a crash may have come
    between its publication and its scoring, and then its dirty mark still stands.
    What is of an erased person is refused.
    """
    placed, suppressed = reject_suppressed(connection, placed)
    customers = [p for p in placed if isinstance(p.event, CustomerChange)]
    states = _states(newest(customers), model, times=_known_times(customers))
    changed = source_records.upsert(connection, states, model=model.digest)
    fact_events = [p for p in placed if not isinstance(p.event, CustomerChange)]
    keys = {p.event.key for p in customers} | _customer_keys(fact_events)
    record_ids = source_records.ids_with_stubs(connection, keys)
    moved, refused = _publish_facts(connection, fact_events, record_ids)
    dirty.mark(connection, [*changed, *((record_id, False) for record_id in moved)])
    return Published(sorted({*record_ids.values(), *moved}), suppressed + refused)


def _known_times(
    customers: Sequence[ReceivedEvent],
) -> dict[SourceKey, datetime | None]:
    """Return when each record was last changed as far as these events know.

    A row read in a snapshot has no time: that of the change before it stays.
    """
    times: dict[SourceKey, datetime | None] = {}
    for one in sorted(customers, key=lambda one: one.event.position):
        key, at = one.event.key, source_time(one.event)
        is_deletion = one.event.op is Op.DELETE
        times[key] = at if at or is_deletion else times.get(key)
    return times


def _states(
    placed: Sequence[ReceivedEvent],
    model: Model,
    *,
    times: Mapping[SourceKey, datetime | None],
) -> list[NewState]:
    events = [p.event for p in placed if isinstance(p.event, CustomerChange)]
    held = [event for event in events if event.after is not None]
    standardised = model.standardise([e.after for e in held if e.after is not None])
    features = {
        event.key: values for event, values in zip(held, standardised, strict=True)
    }
    return [
        _state(event, features.get(event.key), model, at=times[event.key])
        for event in events
    ]


def _state(
    event: CustomerChange,
    features: dict[str, object] | None,
    model: Model,
    *,
    at: datetime | None,
) -> NewState:
    record = None
    if event.after is not None:
        record = event.after.model_dump(
            mode="json", exclude_none=True, exclude_defaults=True
        )
    return NewState(
        event.key,
        event.position,
        record,
        event.raw if record is not None else None,
        features,
        model.blocking_keys(features) if features is not None else [],
        at,
    )


def _customer_keys(placed: Sequence[ReceivedEvent]) -> set[SourceKey]:
    keys = set()
    for one in placed:
        assert not isinstance(one.event, CustomerChange)
        if key := facts.customer_key(one.event):
            keys.add(key)
    return keys


def _publish_facts(
    connection: Connection,
    placed: Sequence[ReceivedEvent],
    record_ids: dict[SourceKey, int],
) -> tuple[set[int], list[DeadLetter]]:
    moved: set[int] = set()
    for kind in _CHANGING_FACTS:
        events = _events(newest(p for p in placed if p.event.kind is kind))
        if not events:
            continue
        moved |= facts.upsert(connection, kind, events, record_ids=record_ids)
        if kind is RecordKind.ORDER:
            every = _events([p for p in placed if p.event.kind is kind])
            orders.keep_steps(connection, every)
            moved |= orders.set_status(connection, every)
    points, refused = _publish_movements(connection, placed, record_ids)
    return moved | points, refused


def _publish_movements(
    connection: Connection,
    placed: Sequence[ReceivedEvent],
    record_ids: dict[SourceKey, int],
) -> tuple[set[int], list[DeadLetter]]:
    """A ledger only grows: a changed or deleted line is a dead letter."""
    lines = [p for p in placed if isinstance(p.event, MovementChange)]
    deletes = [p for p in lines if p.event.op is Op.DELETE]
    refused = [_immutable(one, "deleted") for one in deletes]
    kept = [p for p in lines if p.event.op is not Op.DELETE]
    if not kept:
        return set(), refused
    kept.sort(key=lambda one: one.event.position, reverse=True)
    first = {p.event.key: p for p in kept}  # the smallest position stays
    inserted = facts.insert_movements(
        connection, _events(list(first.values())), record_ids=record_ids
    )
    _declare_programmes(connection, [first[key] for key in inserted.new])
    refused += [_immutable(first[key], "changed") for key in sorted(inserted.differing)]
    refused += [
        _immutable(one, "changed")
        for one in kept
        if one is not first[one.event.key]
        and one.event.after != first[one.event.key].event.after
    ]
    return inserted.moved, refused


def _declare_programmes(
    connection: Connection, placed: Sequence[ReceivedEvent]
) -> None:
    """What a source's own ledger holds has happened: its programmes are known by it.

    By new lines only: neither a refused line nor a repeat declares what was withdrawn.
    """
    by_system: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for one in placed:
        if isinstance(one.event, MovementChange) and (line := one.event.after):
            by_system[one.event.key.system].add((line.programme, line.unit))
    for system, ledgers in sorted(by_system.items()):
        programmes.declare(connection, ledgers, by=f"source {system}")


def _immutable(one: ReceivedEvent, what: str) -> DeadLetter:
    detail = f"movement {one.event.key} was {what} in its source; a ledger only grows"
    return to_dead_letter(one.message, "immutable_movement", detail)


def _events(placed: Sequence[ReceivedEvent]) -> list[FactChange]:
    return [p.event for p in placed if not isinstance(p.event, CustomerChange)]
