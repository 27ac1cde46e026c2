"""What Couture leans on, shown on a real Apache Kafka broker."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from service.resolver.consumer import SourceConsumer
from tests.kafka.broker import ApacheKafka, KafkaDidNotStart, start_kafka


def _topic() -> str:
    return f"couture.source.test_{uuid4().hex[:8]}"


def _producer(kafka: ApacheKafka, **options: Any) -> KafkaProducer:
    return KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", **options)


def _values(kafka: ApacheKafka, topic: str, **options: Any) -> list[bytes]:
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap, **options)
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        end = consumer.end_offsets([partition])[partition]
        consumer.seek_to_beginning(partition)
        values: list[bytes] = []
        while consumer.position(partition) < end:
            for messages in consumer.poll(timeout_ms=500).values():
                values += [message.value for message in messages]
        return values
    finally:
        consumer.close()


def _send(producer: KafkaProducer, topic: str, *values: bytes) -> None:
    for value in values:
        producer.send(topic, value=value, partition=0).get(timeout=30)


def test_messages_of_a_partition_come_back_in_order(apache_kafka: ApacheKafka) -> None:
    topic = _topic()
    sent = [str(number).encode() for number in range(100)]
    producer = _producer(apache_kafka)
    _send(producer, topic, *sent)
    producer.close()

    assert _values(apache_kafka, topic) == sent


def test_read_committed_hides_an_aborted_transaction(apache_kafka: ApacheKafka) -> None:
    topic = _topic()
    producer = _producer(apache_kafka, transactional_id=topic)
    producer.init_transactions()
    producer.begin_transaction()
    _send(producer, topic, b"aborted")
    producer.abort_transaction()
    producer.begin_transaction()
    _send(producer, topic, b"committed")
    producer.commit_transaction()
    producer.close()

    committed = _values(apache_kafka, topic, isolation_level="read_committed")
    assert committed == [b"committed"]
    assert _values(apache_kafka, topic) == [b"aborted", b"committed"]


def test_a_group_with_somebody_in_it_is_not_forgotten(
    apache_kafka: ApacheKafka,
) -> None:
    topic = _topic()
    producer = _producer(apache_kafka)
    _send(producer, topic, b"1")
    inside = SourceConsumer(apache_kafka.bootstrap, consumer="kept", session_s=6)
    other = SourceConsumer(apache_kafka.bootstrap, consumer="kept", session_s=6)
    try:
        deadline = time.monotonic() + 120
        while not inside._kafka.assignment():
            assert time.monotonic() < deadline, "nobody was let in"
            inside._kafka.poll(timeout_ms=200)
        assert not other._dissolve_group()
    finally:
        inside.close()
        other.close()
        producer.close()


def test_what_was_acknowledged_outlives_a_kill(apache_kafka: ApacheKafka) -> None:
    topic = _topic()
    producer = _producer(apache_kafka)
    _send(producer, topic, b"before the kill")
    producer.close()

    apache_kafka.restart()

    assert _values(apache_kafka, topic) == [b"before the kill"]


def test_a_broker_that_cannot_start_says_why(
    apache_kafka: ApacheKafka, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("second")
    with start_kafka(directory) as second:
        second.kill()
        (directory / "log" / "meta.properties").unlink()
        with pytest.raises(KafkaDidNotStart, match=r"meta\.properties"):
            second.start()
        assert second.pid is None
