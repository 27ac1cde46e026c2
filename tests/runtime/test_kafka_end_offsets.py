"""The end of a partition is after its last message, whatever the broker claims."""

from __future__ import annotations

from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from service.runtime.kafka_end_offsets import LogEnds


def test_the_end_lies_after_the_last_message_of_a_batch(broker: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker)
    topic = {"num_partitions": 2, "replication_factor": 1}
    admin.create_topics({"ends": topic}, wait_for_metadata=True)
    admin.close()
    place, empty = TopicPartition("ends", 0), TopicPartition("ends", 1)
    producer = KafkaProducer(bootstrap_servers=broker, linger_ms=20)
    with LogEnds(broker) as ends:
        assert "ends" in ends.topics()
        assert ends.partitions("ends") == {place, empty}
        assert ends.of([place, empty]) == {place: 0, empty: 0}
        for expected in (30, 60):
            for _ in range(30):
                producer.send("ends", b"x", partition=0)
            producer.flush()
            assert ends.of([place, empty]) == {place: expected, empty: 0}
    producer.close()
