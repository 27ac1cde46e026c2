"""The stream goes on where PostgreSQL says, and notices a log that is not the one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import orjson
import pytest
from kafka import KafkaAdminClient, KafkaProducer

from schemas import wire
from service.database.connection.session import Connection
from service.database.messages import offsets
from service.database.messages.offsets import Advance, OffsetMoved
from service.local.servers import EmbeddedBroker
from service.relay.relay import relay_once
from service.resolver.consumer import SourceConsumer
from service.resolver.micro_batch import Message
from service.resolver.sole_consumer import SoleConsumer
from tests.resolver.deliveries import ANNE, Delivery, customer

TOPIC = wire.source_topic("pos")
WITHIN_S = 180


def publish(bootstrap: str, count: int, *, to: str = TOPIC) -> None:
    """Put change events on a topic, the till's, made at need."""
    servers = [bootstrap]
    admin = KafkaAdminClient(bootstrap_servers=servers)
    if to not in admin.list_topics():
        topic = {"num_partitions": 1, "replication_factor": 1}
        admin.create_topics({to: topic}, wait_for_metadata=True)
    admin.close()
    producer = KafkaProducer(bootstrap_servers=servers)
    for number in range(count):
        key, value, headers = wire.encode(customer(f"pos:{number}", 1, **ANNE))
        producer.send(to, key=key, value=value, headers=headers)
    producer.flush()
    producer.close()


@contextmanager
def stream(
    bootstrap: str, kind: type[SourceConsumer] = SourceConsumer
) -> Iterator[SourceConsumer]:
    """Open the stream as a resolver does, and leave it."""
    opened = kind(bootstrap, consumer="test")
    try:
        yield opened
    finally:
        opened.close()


def read(source: SourceConsumer, connection: Connection, count: int) -> list[Message]:
    """Poll, and commit every poll's offsets, until so many messages came."""
    found: list[Message] = []
    deadline = time.monotonic() + WITHIN_S
    while len(found) < count:
        assert time.monotonic() < deadline, f"only {len(found)} messages came"
        found += step(source, connection)
    return found


def step(source: SourceConsumer, connection: Connection) -> list[Message]:
    """Poll once, and commit the offsets."""
    messages = source.poll(connection, limit=7)
    ends = {m.topic: m.offset + 1 for m in messages}
    steps = [Advance(t, 0, source.expected[t, 0], n) for t, n in ends.items()]
    if steps:
        offsets.advance(connection, steps, consumer="test")
        source.advanced(steps)
    return messages


both_kinds = pytest.mark.parametrize("kind", [SourceConsumer, SoleConsumer])


@both_kinds
def test_a_second_stream_goes_on_where_the_first_committed(
    kind: type[SourceConsumer], connection: Connection, own_broker: EmbeddedBroker
) -> None:
    publish(own_broker.bootstrap, 10)
    with stream(own_broker.bootstrap, kind) as first:
        before = read(first, connection, 10)
    publish(own_broker.bootstrap, 5)
    with stream(own_broker.bootstrap, kind) as second:
        after = read(second, connection, 5)

    assert [m.offset for m in before + after] == list(range(15))


@both_kinds
def test_the_topic_of_a_new_system_is_read_beside_the_others(
    kind: type[SourceConsumer], connection: Connection, own_broker: EmbeddedBroker
) -> None:
    publish(own_broker.bootstrap, 3)
    with stream(own_broker.bootstrap, kind) as source:
        read(source, connection, 3)
        publish(own_broker.bootstrap, 2, to=wire.source_topic("web"))
        publish(own_broker.bootstrap, 1)
        found = read(source, connection, 3)

    assert sorted((m.topic, m.offset) for m in found) == [
        (TOPIC, 3),
        (wire.source_topic("web"), 0),
        (wire.source_topic("web"), 1),
    ]


def test_no_message_is_lost_while_topics_of_new_systems_appear(
    connection: Connection, own_broker: EmbeddedBroker
) -> None:
    bootstrap, stop, sent = own_broker.bootstrap, threading.Event(), [1]
    publish(bootstrap, 1)

    def write() -> None:
        while not stop.is_set():
            publish(bootstrap, 3)
            sent[0] += 3

    systems = [f"s{number}" for number in range(4)]
    with stream(bootstrap, SoleConsumer) as source:
        found = read(source, connection, 1)
        writer = threading.Thread(target=write)
        writer.start()
        for system in systems:
            publish(bootstrap, 1, to=wire.source_topic(system))
            while wire.source_topic(system) not in {m.topic for m in found}:
                found += step(source, connection)
        stop.set()
        writer.join()
        found += read(source, connection, sent[0] + len(systems) - len(found))

    assert [m.offset for m in found if m.topic == TOPIC] == list(range(sent[0]))


def test_two_that_take_all_partitions_do_not_apply_a_message_twice(
    connection: Connection, own_broker: EmbeddedBroker
) -> None:
    publish(own_broker.bootstrap, 5)
    sole = SoleConsumer
    with (
        stream(own_broker.bootstrap, sole) as first,
        stream(own_broker.bootstrap, sole) as second,
    ):
        while not (late := second.poll(connection, limit=7)):
            pass
        read(first, connection, 5)
        step = Advance(TOPIC, 0, second.expected[TOPIC, 0], late[-1].offset + 1)
        with pytest.raises(OffsetMoved):
            offsets.advance(connection, [step], consumer="test")
        second.place(connection)
        publish(own_broker.bootstrap, 1)
        after = read(second, connection, 1)

    assert [m.offset for m in after] == [5]


@both_kinds
def test_a_topic_that_was_made_anew_is_read_from_its_beginning(
    kind: type[SourceConsumer], connection: Connection, own_broker: EmbeddedBroker
) -> None:
    publish(own_broker.bootstrap, 10)
    with stream(own_broker.bootstrap, kind) as source:
        read(source, connection, 10)
        own_broker.kill()
        own_broker.start()  # it held everything in memory: all is gone
        publish(own_broker.bootstrap, 4)
        again = read(source, connection, 4)

    assert [m.offset for m in again] == [0, 1, 2, 3]


def test_a_stored_offset_beyond_the_end_starts_the_log_again(
    connection: Connection, own_broker: EmbeddedBroker
) -> None:
    publish(own_broker.bootstrap, 6)
    with stream(own_broker.bootstrap) as source:
        read(source, connection, 6)
    connection.execute("UPDATE stream_offset SET next_offset = 500")
    with stream(own_broker.bootstrap) as source:
        again = read(source, connection, 6)

    assert [m.offset for m in again] == list(range(6))


def test_the_relay_publishes_in_order_and_empties_the_outbox(
    deliver: Delivery, own_broker: EmbeddedBroker
) -> None:
    deliver(customer("pos:1", 1, **ANNE))
    deliver(customer("pos:1", 2, **ANNE | {"title": "Mme"}))
    told: list[tuple[str, bytes]] = []

    class Recorder(KafkaProducer):  # type: ignore[misc]
        def send(self, topic: str, **message: object) -> object:
            told.append((topic, message["value"]))  # type: ignore[arg-type]
            return super().send(topic, **message)

    producer = Recorder(bootstrap_servers=[own_broker.bootstrap])
    assert relay_once(deliver.connection, producer) == 4
    assert relay_once(deliver.connection, producer) == 0
    producer.close()

    by_topic = {topic: [v for t, v in told if t == topic] for topic, _ in told}
    assert by_topic.keys() == {"couture.customers", "couture.events"}
    for values in by_topic.values():
        assert [orjson.loads(value)["version"] for value in values] == [1, 2]
