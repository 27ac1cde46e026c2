"""The topics against the tables: captured is applied, changed is told."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from kafka import KafkaConsumer

from schemas import wire
from schemas.change_event import RecordKind
from schemas.customer_event import CustomerEventType
from service.database.connection.session import Connection
from service.runtime.kafka_end_offsets import LogEnds

_TABLE = {
    RecordKind.CUSTOMER: "source_record",
    RecordKind.ORDER: "customer_order",
    RecordKind.MOVEMENT: "loyalty_movement",
    RecordKind.INTERACTION: "interaction",
    RecordKind.CONSENT: "consent",
}
Place = tuple[str, int, int]


class Message(NamedTuple):
    """One message of a topic."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    headers: dict[str, bytes]


def read_all(bootstrap: str, prefixes: Sequence[str]) -> list[Message]:
    """Return every message of the topics, in the order of each partition."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        max_partition_fetch_bytes=16 * 1024 * 1024,
    )
    found: list[Message] = []
    try:
        with LogEnds(bootstrap) as log:
            for topic in sorted(log.topics()):
                if topic.startswith(tuple(prefixes)):
                    found += _read_topic(consumer, log.of(log.partitions(topic)))
    finally:
        consumer.close()
    return found


def _read_topic(consumer: Any, ends: Mapping[Any, int]) -> Iterator[Message]:
    places = list(ends)
    consumer.assign(places)
    consumer.seek_to_beginning(*places)
    while any(consumer.position(place) < ends[place] for place in places):
        for records in consumer.poll(timeout_ms=500).values():
            for r in records:
                headers = {name: value or b"" for name, value in r.headers}
                yield Message(r.topic, r.partition, r.offset, r.key, r.value, headers)


def captured(connection: Connection, messages: Sequence[Message]) -> Iterator[str]:
    """Yield every captured change that neither took effect nor was set aside."""
    placed = _dead_places(connection)
    wanted: dict[tuple[RecordKind, str], tuple[int, ...]] = {}
    for message in messages:
        if message[:3] in placed:
            continue
        place = f"{message.topic}[{message.partition}]@{message.offset}"
        try:
            event = wire.decode(
                message.value, [*message.headers.items()], topic=message.topic
            )
        except wire.MalformedMessage as error:
            yield f"{place}: {error.reason}, and no dead letter"
            continue
        # A ledger line keeps the position at which it was first read.
        position = event.position if event.kind is not RecordKind.MOVEMENT else ()
        key = (event.kind, str(event.key))
        wanted[key] = max(wanted.get(key, position), position)
    held = _positions(connection)
    for key, position in wanted.items():
        if held.get(key) is None or held[key] < position:
            yield f"{key[0]} {key[1]}: captured at {position}, held at {held.get(key)}"


def _dead_places(connection: Connection) -> set[Place]:
    rows = connection.execute(
        "SELECT topic, partition, \"offset\" FROM dead_letter WHERE reason <> ''"
    )
    return set(rows.fetchall())


def _positions(
    connection: Connection,
) -> dict[tuple[RecordKind, str], tuple[int, ...]]:
    return {
        (kind, key): tuple(position)
        for kind, table in _TABLE.items()
        for key, position in connection.execute(
            f"SELECT system || ':' || id, position FROM {table}"
            " WHERE position IS NOT NULL"
        )
    }


def told(connection: Connection, messages: Sequence[Message]) -> Iterator[str]:
    """Yield where the events sent are not those of the tables."""
    rows = connection.execute("SELECT customer_id::text, version FROM customer")
    kinds = {kind.encode() for kind in CustomerEventType}  # others bear no version
    sent = [
        m
        for m in messages
        if m.topic == wire.EVENTS_TOPIC and m.headers["ce_type"] in kinds
    ]
    yield from _events(sent, dict(rows.fetchall()))


def golden(connection: Connection, messages: Sequence[Message]) -> Iterator[str]:
    """Yield where the golden records sent last are not those of the tables."""
    rows = connection.execute(
        "SELECT customer_id::text, version, profile FROM customer"
    )
    customers = {id_: (version, profile) for id_, version, profile in rows}
    last = {
        m.key.decode(): m.value for m in messages if m.topic == wire.CUSTOMERS_TOPIC
    }
    for id_ in sorted(last.keys() | customers.keys()):
        if id_ not in last:
            yield f"customer {id_}: no golden record was sent"
        elif last[id_] != customers.get(id_, (0, None))[1]:
            sent_last, held = last[id_], customers.get(id_, (0, None))[1]
            yield (
                f"customer {id_}: the last golden record sent is {_version(sent_last)},"
                f" the profile {_version(held)}"
            )


def _version(profile: bytes | None) -> str:
    """Return the version that a profile bears, without showing the profile."""
    found = re.search(rb'"version":(\d+)', profile or b"")
    return found.group(1).decode() if found else "none"


def _events(sent: Sequence[Message], current: dict[str, int]) -> Iterator[str]:
    told: dict[str, list[Message]] = defaultdict(list)
    for message in sent:
        told[message.key.decode()].append(message)
    for id_ in sorted(told.keys() | current.keys()):
        reached = 0
        known: dict[int, tuple[Any, ...]] = {}
        for message in told[id_]:
            version = int(message.headers["ce_id"].rpartition(b":")[2])
            content = (message.value, message.headers)
            if version > reached + 1:
                yield f"customer {id_}: event {version} follows event {reached}"
            elif version <= reached and known[version] != content:
                yield f"customer {id_}: event {version} was sent twice, differently"
            known[version] = content
            reached = max(reached, version)
        if reached != current.get(id_, 0):
            yield f"customer {id_}: told up to {reached}, is at {current.get(id_, 0)}"
