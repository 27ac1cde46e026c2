"""Step A: records and facts are stored unless stale, and marked dirty."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from matching.features.normalise import normalise
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
from service.resolver import record_parts
from service.resolver.micro_batch import (
    ReceivedEvent,
    known_times,
    newest,
    to_dead_letter,
)
from service.resolver.record_parts import Separated, WholeRecord, stored_record
from service.resolver.suppression_check import (
    erased_among,
    persons_of,
    reject_suppressed,
    suppressed_letter,
)

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
    found = record_parts.separate(connection, customers)
    changed = source_records.upsert(
        connection, _states(_plain(found.plain), model), model=model.digest
    )
    written, erased = _publish_spread(connection, found, model)
    told = [p for p in placed if erased & persons_of(p.event)]
    kept = [p for p in placed if p not in told] if told else placed
    fact_events = [p for p in kept if not isinstance(p.event, CustomerChange)]
    keys = {p.event.key for p in customers} - erased
    record_ids = source_records.ids_with_stubs(
        connection, keys | _customer_keys(fact_events)
    )
    moved, refused = _publish_facts(connection, fact_events, record_ids)
    marks = [*changed, *written, *((record_id, False) for record_id in moved)]
    dirty.mark(connection, marks)
    letters = [*suppressed, *map(suppressed_letter, told), *refused]
    return Published(sorted({*record_ids.values(), *moved}), letters)


def _publish_spread(
    connection: Connection, found: Separated, model: Model
) -> tuple[list[tuple[int, bool]], set[SourceKey]]:
    """Store the records that several tables give together.

    Returns what changed, and the records that only together tell of somebody erased.
    """
    whole = record_parts.put_together(connection, found)
    # by the standardiser alone: a mark must outlive every model version
    persons = {one.key: normalise(one.after) for one in whole if one.after is not None}
    erased = erased_among(connection, persons)
    record_parts.forget(connection, found, erased)
    kept = _states([one for one in whole if one.key not in erased], model)
    changed = source_records.upsert(
        connection, kept, model=model.digest, assembled=True
    )
    return changed, erased


def _plain(customers: Sequence[ReceivedEvent]) -> list[WholeRecord]:
    times = known_times(customers)
    return [
        WholeRecord(event.key, event.position, event.after, event.raw, times[event.key])
        for event in (one.event for one in newest(customers))
        if isinstance(event, CustomerChange)
    ]


def _states(records: Sequence[WholeRecord], model: Model) -> list[NewState]:
    held = [one for one in records if one.after is not None]
    standardised = model.standardise([one.after for one in held if one.after])
    features = {one.key: values for one, values in zip(held, standardised, strict=True)}
    return [_state(one, features.get(one.key), model) for one in records]


def _state(
    one: WholeRecord, features: dict[str, object] | None, model: Model
) -> NewState:
    record = stored_record(one.after) if one.after is not None else None
    return NewState(
        one.key,
        one.position,
        record,
        one.raw if record is not None else None,
        features,
        model.blocking_keys(features) if features is not None else [],
        one.at,
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
