"""How connectors reach Kafka: options, topics, and errors with their remedy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    TopicAlreadyExistsError,
)

from connectors.contract import RetryLater
from schemas import wire

PARTITIONS = 4
_TIMEOUT_MS = 5_000


@contextmanager
def broker_errors(bootstrap: str) -> Iterator[None]:
    """Turn what the Kafka client raises into one sentence with the remedy."""
    try:
        yield
    except KafkaError as error:
        away = isinstance(error, (KafkaConnectionError, KafkaTimeoutError))
        did = "does not answer" if away else "refuses"
        raise RetryLater(
            f"The broker at {bootstrap} {did} ({type(error).__name__}).",
            remedy="Start Kafka, or set COUTURE_KAFKA to its bootstrap servers.",
        ) from error


def servers(bootstrap: str) -> dict[str, Any]:
    """Return the options every client of this broker needs."""
    return {"bootstrap_servers": [one.strip() for one in bootstrap.split(",")]}


def create_topics(bootstrap: str, system: str, *, partitions: int = PARTITIONS) -> None:
    """Create what topics of one system are missing; raise RetryLater."""
    wanted: dict[str, dict[str, Any]] = {
        wire.source_topic(system): {"num_partitions": partitions},
        wire.DEADLETTERS_TOPIC: {"num_partitions": 1},
        wire.SNAPSHOTS_TOPIC: {"num_partitions": 1},
        wire.REPLAYS_TOPIC: {"num_partitions": 1},
        wire.CONNECTORS_TOPIC: {
            "num_partitions": 1,
            "configs": {"cleanup.policy": "compact"},
        },
        wire.COMMANDS_TOPIC: {
            "num_partitions": 1,
            "configs": {"cleanup.policy": "compact"},
        },
        wire.POSITIONS_TOPIC: {
            "num_partitions": 1,
            "configs": {"cleanup.policy": "compact"},
        },
    }
    with broker_errors(bootstrap):
        admin = KafkaAdminClient(**servers(bootstrap), bootstrap_timeout_ms=_TIMEOUT_MS)
        try:
            existing = set(admin.list_topics())
            for name, options in wanted.items():
                if name not in existing:
                    # another connector may be first
                    with suppress(TopicAlreadyExistsError):
                        admin.create_topics(
                            {name: options | {"replication_factor": 1}},
                            wait_for_metadata=True,
                        )
        finally:
            admin.close()
