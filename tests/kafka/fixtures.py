"""The fixture `apache_kafka`; a conftest loads it with `pytest_plugins`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kafka.broker import ApacheKafka, start_kafka
from tests.kafka.jars import NoKafkaJars, class_path
from tests.needs import needs


def needs_kafka() -> None:
    """Skip where Kafka's jars cannot be had; in CI, fail."""
    missing = ""
    try:
        class_path()
    except NoKafkaJars as error:
        missing = str(error)
    needs(not missing, missing)


@pytest.fixture(scope="module")
def apache_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApacheKafka]:
    """One Apache Kafka broker for the tests of a file; who kills it restarts it."""
    needs_kafka()
    with start_kafka(tmp_path_factory.mktemp("apache-kafka")) as kafka:
        yield kafka
