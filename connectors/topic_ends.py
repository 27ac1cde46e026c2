"""Whether a topic of the broker holds anything."""

from __future__ import annotations

from kafka import KafkaConsumer, TopicPartition

from connectors.broker import broker_errors, servers


def holds_messages(bootstrap: str, topic: str) -> bool:
    """Return whether a topic is there and not empty; raise RetryLater."""
    with broker_errors(bootstrap):
        consumer = KafkaConsumer(
            **servers(bootstrap), group_id=None, bootstrap_timeout_ms=10_000
        )
        try:
            numbers = consumer.partitions_for_topic(topic) or ()
            places = [TopicPartition(topic, number) for number in numbers]
            return any(end > 0 for end in consumer.end_offsets(places).values())
        finally:
            consumer.close()
