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
from service.database import offsets, verify_digests
from service.database.offsets import StoredOffset
from service.database.session import Connection
from service.database.verify_digests import Held
from service.database.verify_reads import Broken
from service.resolver.log_ends import LogEnds
from service.resolver.stream import broker_errors

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
    dead = verify_digests.dead_places(connection)
    found = Captured(0, [], [])
    systems = sorted({t for t, _ in stored if t.startswith(wire.SOURCE_TOPIC_PREFIX)})
    for topic in systems:
        held = verify_digests.held(connection, topic[len(wire.SOURCE_TOPIC_PREFIX) :])
        count = 0
        for message in read(bootstrap, topic, stored):
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
    if verify_digests.digest(after) == known.digest:
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
    return verify_digests.digest(kept) == known.digest


class Golden(NamedTuple):
    """How many messages were read, and of whom they tell otherwise or not at all."""

    messages: int
    not_told: list[Broken]
    told_otherwise: list[Broken]
    told_of_nobody: list[Broken]


def golden(connection: Connection, bootstrap: str) -> Golden:
    """Compare the last word on `couture.customers` with every golden record."""
    waiting = verify_digests.waiting(connection)
    said: dict[str, tuple[int, bytes] | None] = {}
    count = 0
    for message in read(bootstrap, wire.CUSTOMERS_TOPIC, None):
        count += 1
        said[message.key.decode("utf-8", "replace")] = _said(message.value)
    found = Golden(count, [], [], [])
    for one in verify_digests.told(connection):
        key = str(one.customer_id)
        last = said.pop(key, None)
        if key in waiting or (last and last[0] > one.version):
            continue
        broken = Broken(key, None, one.customer_id)
        if one.digest is None and last is None:
            continue
        if last is None:
            found.not_told.append(broken)
        elif last[1] != one.digest:
            found.told_otherwise.append(broken)
    found.told_of_nobody.extend(
        Broken(key, None, _uuid(key)) for key, last in said.items() if last
    )
    return found


def _said(value: bytes | None) -> tuple[int, bytes] | None:
    if not value:
        return None
    head = value[:200].split(b",", 2)
    number = head[1].rpartition(b":")[2] if len(head) > 1 else b""
    version = int(number) if number.isdigit() else 0
    return version, hashlib.md5(value, usedforsecurity=False).digest()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def read(
    bootstrap: str,
    topic: str,
    until: Mapping[tuple[str, int], StoredOffset] | None,
) -> Iterator[Any]:
    """Yield the messages of a topic, up to its end or to the offsets given."""
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
            yield from _until(consumer, ends)
        finally:
            consumer.close()


def _until(consumer: KafkaConsumer, ends: dict[TopicPartition, int]) -> Iterator[Any]:
    consumer.assign(list(ends))
    consumer.seek_to_beginning(*ends)
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
