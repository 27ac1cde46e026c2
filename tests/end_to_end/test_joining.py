"""A resolver that was there before its topics finds them, and those that come later."""

from __future__ import annotations

import time
from collections.abc import Sequence

from kafka import KafkaAdminClient, KafkaProducer
from kafka.structs import MemberState

from schemas import wire
from service.database.connection.session import Connection
from service.resolver.consumer import SourceConsumer
from tests.resolver.deliveries import customer

WITHIN_S = 60.0


def create_and_fill(bootstrap: str, system: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    topic = wire.source_topic(system)
    options = {"num_partitions": 4, "replication_factor": 1}
    admin.create_topics({topic: options}, wait_for_metadata=True)
    admin.close()
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    key, value, headers = wire.encode(customer(f"{system}:1", 1, given_name="Ada"))
    producer.send(topic, key=key, value=value, headers=headers).get(timeout=30)
    producer.close()


def topics_until(
    stream: SourceConsumer, connection: Connection, wanted: Sequence[str]
) -> set[str]:
    found: set[str] = set()
    deadline = time.monotonic() + WITHIN_S
    while not found.issuperset(wanted) and time.monotonic() < deadline:
        found |= {m.topic for m in stream.poll(connection, limit=10)}
    return found


def test_topics_that_appear_later_are_read(connection: Connection, broker: str) -> None:
    stream = SourceConsumer(broker, consumer="late")
    try:
        deadline = time.monotonic() + WITHIN_S
        while stream._kafka.group_metadata().state != MemberState.STABLE:
            assert time.monotonic() < deadline, "did not join an empty broker"
            stream.poll(connection, limit=10)
        for system in ("first", "second"):
            create_and_fill(broker, system)
            topic = wire.source_topic(system)
            assert topic in topics_until(stream, connection, [topic])
    finally:
        stream.close()
