"""Tests of this folder run on Apache Kafka."""

from tests.kafka.fixtures import apache_kafka

__all__ = ["apache_kafka"]
