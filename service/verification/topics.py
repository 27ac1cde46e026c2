"""What stands on the topics, compared with what the tables hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from kafka import KafkaConsumer, TopicPartition

from schemas import wire
from schemas.change_event import CustomerChange
from service.database.connection.session import Connection
from service.database.messages import offsets
from service.database.messages.offsets import StoredOffset
from service.database.verification import topic_digests
from service.database.verification.consistency_checks import Broken
from service.database.verification.topic_digests import Held, Told
from service.runtime.kafka import broker_errors
from service.runtime.kafka_end_offsets import LogEnds

_AT_ONCE = 20_000
_IDLE_POLLS = 300
Place = tuple[str, int, int]


class Captured(NamedTuple):
    """How many messages were read, and what of them has no effect or another one."""

    messages: int
    lost: list[tuple[Broken, Place]]
    otherwise: list[tuple[Broken, Place]]


def captured(connection: Connection, bootstrap: str, *, consumer: str) -> Captured:
    """Compare the messages below the stored offsets with what is held.

    Every message must have been applied, be older than what is held, or stand in the
    dead letters.
    """
    stored = offsets.read(connection, consumer=consumer)
    dead = topic_digests.dead_places(connection)
    found = Captured(0, [], [])
    systems = sorted({t for t, _ in stored if t.startswith(wire.SOURCE_TOPIC_PREFIX)})
    for topic in systems:
        held = topic_digests.held(connection, topic[len(wire.SOURCE_TOPIC_PREFIX) :])
        count = 0
        for message in read(bootstrap, topic, until=stored):
            count += 1
            place = (topic, message.partition, message.offset)
            if place not in dead:
                _compare(message, place, held, found)
        found = found._replace(messages=found.messages + count)
    return found


def _compare(
    message: Any, place: Place, held: Mapping[tuple[str, str], Held], found: Captured
) -> None:
    try:
        event = orjson.loads(message.value)
        kind, key = str(event["kind"]), str(event["key"])
        part = event.get("part") or {"table": "", "row": ""}
        key = topic_digests.part_name(key, part["table"], part["row"])
        position = tuple(event["position"])
    except (ValueError, TypeError, KeyError):
        name = f"unreadable, at {place[0]}[{place[1]}]@{place[2]}"
        found.lost.append((Broken(name), place))
        return
    known = held.get((kind, key))
    name = f"{kind} {key}"
    if known is None or known.position < position:
        found.lost.append((Broken(name), place))
    elif known.position == position and not _says_the_same(event, message, known):
        found.otherwise.append((Broken(name), place))


def _says_the_same(event: Mapping[str, Any], message: Any, known: Held) -> bool:
    after = None if event.get("op") == "d" else event.get("after")
    if topic_digests.digest(after) == known.digest:
        return True
    if after is None or known.digest is None:
        return False
    # written another way, perhaps, than it is kept: read it as the resolver does
    decoded = wire.decode(message.value, message.headers, topic=message.topic)
    assert decoded.after is not None
    customer = isinstance(decoded, CustomerChange)
    kept = decoded.after.model_dump(
        mode="json", exclude_none=True, exclude_defaults=customer
    )
    return topic_digests.digest(kept) == known.digest


class Said(NamedTuple):
    """The version and the MD5 of a golden record as a message has it."""

    version: int
    digest: bytes


class Golden(NamedTuple):
    """How many messages were read, and of whom they tell otherwise or not at all."""

    messages: int
    not_told: list[Broken]
    told_otherwise: list[Broken]
    told_of_nobody: list[Broken]


class GoldenTopic:
    """The last word of `couture.customers` on each customer id, as far as it was read.

    Customers go on changing: what differs at one moment is looked at again at a later
    one, with what was told meanwhile, and only what still differs is a difference.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._reached: dict[tuple[str, int], int] = {}
        self._said: dict[str, Said | None] = {}
        self._first = True
        self.messages = 0

    def compare(self, connection: Connection) -> Golden:
        """Compare with every golden record, then only with those that differed.

        The connection must see one moment, and a later one at each call.
        """
        self._read_on()
        doubted = [_uuid(key) for key in self._said]
        only = None if self._first else [id_ for id_ in doubted if id_]
        waiting = topic_digests.waiting(connection)
        found, doubtful = Golden(self.messages, [], [], []), dict[str, Said | None]()
        for one in topic_digests.told(connection, only):
            key = str(one.customer_id)
            last = self._said.pop(key, None)
            kind = None if key in waiting else _differs(found, one, last)
            if kind is not None:
                kind.append(Broken(key, None, one.customer_id))
                doubtful[key] = last
        for key, last in self._said.items():
            if last and key not in waiting:
                found.told_of_nobody.append(Broken(key, None, _uuid(key)))
                doubtful[key] = last
        self._said, self._first = doubtful, False
        return found

    def _read_on(self) -> None:
        for message in read(self._bootstrap, wire.CUSTOMERS_TOPIC, since=self._reached):
            self.messages += 1
            self._reached[message.topic, message.partition] = message.offset + 1
            key = message.key.decode("utf-8", "replace")
            if self._first or key in self._said:
                self._said[key] = _said(message.value)


def _differs(found: Golden, one: Told, last: Said | None) -> list[Broken] | None:
    """Return the list for a golden record that was told otherwise or not at all."""
    if last and last.version > one.version:
        return None  # it changed since this moment, and that was told
    if last is None:
        return found.not_told if one.digest is not None else None
    return found.told_otherwise if last.digest != one.digest else None


def _said(value: bytes | None) -> Said | None:
    if not value:
        return None
    head = value[:200].split(b",", 2)
    number = head[1].rpartition(b":")[2] if len(head) > 1 else b""
    version = int(number) if number.isdigit() else 0
    return Said(version, hashlib.md5(value, usedforsecurity=False).digest())


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def read(
    bootstrap: str,
    topic: str,
    until: Mapping[tuple[str, int], StoredOffset] | None = None,
    since: Mapping[tuple[str, int], int] | None = None,
) -> Iterator[Any]:
    """Yield the messages of a topic: from its beginning or the offsets of `since`, up
    to its end or the offsets of `until`.
    """
    with broker_errors(bootstrap), LogEnds(bootstrap) as log:
        ends = log.of(log.partitions(topic))
    if until is not None:
        ends = {
            place: min(end, until[place.topic, place.partition].next_offset)
            for place, end in ends.items()
            if (place.topic, place.partition) in until
        }
    if not ends:
        return
    with broker_errors(bootstrap):
        consumer = _consumer(bootstrap)
        try:
            yield from _until(consumer, ends, since or {})
        finally:
            consumer.close()


def _until(
    consumer: KafkaConsumer,
    ends: dict[TopicPartition, int],
    since: Mapping[tuple[str, int], int],
) -> Iterator[Any]:
    consumer.assign(list(ends))
    for place in ends:
        if (known := since.get((place.topic, place.partition))) is None:
            consumer.seek_to_beginning(place)
        else:
            consumer.seek(place, known)
    idle = 0
    while any(consumer.position(place) < end for place, end in ends.items()):
        polled = consumer.poll(timeout_ms=200, max_records=_AT_ONCE)
        idle = 0 if polled else idle + 1
        if idle > _IDLE_POLLS:
            return  # the log is shorter than its end was said to be
        for place, records in polled.items():
            for one in records:
                if one.offset < ends[place]:
                    yield one


def _consumer(bootstrap: str) -> KafkaConsumer:
    return KafkaConsumer(
        bootstrap_servers=bootstrap.split(","),
        enable_auto_commit=False,
        check_crcs=False,
        fetch_max_wait_ms=10,
        max_partition_fetch_bytes=16 * 1024 * 1024,
    )
