"""A micro-batch: the messages of one poll, decoded, with the offsets they stand for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from schemas import wire
from schemas.change_event import ChangeEvent, Op
from schemas.snapshot import SnapshotManifest
from schemas.source_key import SourceKey
from service.database.messages.offsets import Advance
from service.database.operations.dead_letters import UNMAPPABLE, DeadLetter
from service.database.sources.system_freshness import Freshness


class Message(NamedTuple):
    """One Kafka message and its place."""

    topic: str
    topic_id: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class ReceivedEvent(NamedTuple):
    """A change event and the message that brought it."""

    event: ChangeEvent
    message: Message


@dataclass(frozen=True)
class Batch:
    """What one poll brought: readable events, dead letters, and how far it reads."""

    events: list[ReceivedEvent]
    dead_letters: list[DeadLetter]
    advances: list[Advance]
    manifests: list[SnapshotManifest] = field(default_factory=list)

    def freshness(self) -> dict[str, Freshness]:
        """Return, per system, the last change of the batch."""
        return {
            placed.event.key.system: Freshness(
                placed.event.position, source_time(placed.event)
            )
            for placed in self.events
            if placed.message.topic != wire.SNAPSHOTS_TOPIC
        }


def source_time(event: ChangeEvent) -> datetime | None:
    """Return when the source made the change, if it says so."""
    if event.source.ts_ms is None:
        return None
    return datetime.fromtimestamp(event.source.ts_ms / 1000, UTC)


def decode(
    messages: Iterable[Message], *, expected: Mapping[tuple[str, int], int]
) -> Batch:
    """Return the batch of these messages; `expected` holds the offsets it starts at."""
    events: list[ReceivedEvent] = []
    letters: list[DeadLetter] = []
    manifests: list[SnapshotManifest] = []
    reached: dict[tuple[str, int], int] = {}
    for message in messages:
        reached[message.topic, message.partition] = message.offset + 1
        try:
            if message.topic == wire.SNAPSHOTS_TOPIC:
                manifests.append(wire.decode_manifest(message.value, message.headers))
            elif message.topic == wire.DEADLETTERS_TOPIC:
                letters.extend(_rejected(message))
            else:
                event = wire.decode(message.value, message.headers, topic=message.topic)
                events.append(ReceivedEvent(event, message))
        except wire.MalformedMessage as error:
            letters.append(to_dead_letter(message, error.reason, error.detail))
    advances = [
        Advance(topic, partition, expected[topic, partition], next_offset)
        for (topic, partition), next_offset in reached.items()
    ]
    return Batch(events, letters, advances, manifests)


def _rejected(message: Message) -> list[DeadLetter]:
    """Return the letter of a row that a connector set aside; ours stand already."""
    told = {
        name: (value or b"").decode("utf-8", "replace")
        for name, value in message.headers
    }
    if told.get("schema") != wire.REJECT_SCHEMA:
        return []
    detail = told.get("reason", "").replace("\x00", "")
    return [to_dead_letter(message, UNMAPPABLE, detail)]


def to_dead_letter(message: Message, reason: str, detail: str) -> DeadLetter:
    """Return the dead letter of a message."""
    return DeadLetter(
        message.topic,
        message.topic_id,
        message.partition,
        message.offset,
        reason,
        detail,
        message.key,
        message.value,
        list(message.headers),
    )


Name = Callable[[ReceivedEvent], Hashable]
"""Says of what an event speaks: events of one name follow one another."""


def key_of(one: ReceivedEvent) -> SourceKey:
    """Return the source key that an event speaks of."""
    return one.event.key


def newest(
    placed: Iterable[ReceivedEvent], *, name: Name = key_of
) -> list[ReceivedEvent]:
    """Keep, of each name, the event with the greatest position."""
    latest: dict[Hashable, ReceivedEvent] = {}
    for one in placed:
        kept = latest.get(name(one))
        if kept is None or kept.event.position < one.event.position:
            latest[name(one)] = one
    return list(latest.values())


def known_times(
    placed: Iterable[ReceivedEvent], *, name: Name = key_of
) -> dict[Hashable, datetime | None]:
    """Return, by name, when it was last changed as far as these events know.

    A row read in a snapshot has no time: that of the change before it stays.
    """
    times: dict[Hashable, datetime | None] = {}
    for one in sorted(placed, key=lambda one: one.event.position):
        at, is_deletion = source_time(one.event), one.event.op is Op.DELETE
        times[name(one)] = at if at or is_deletion else times.get(name(one))
    return times
