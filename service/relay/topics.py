"""The topics that Couture writes; connectors create those that they write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import TopicAlreadyExistsError

from schemas import wire
from service.runtime.kafka import BOOTSTRAP_MS, broker_errors

_PARTITIONS = 4
_WANTED: dict[str, dict[str, Any]] = {
    wire.CUSTOMERS_TOPIC: {
        "num_partitions": _PARTITIONS,
        "configs": {"cleanup.policy": "compact"},
    },
    wire.EVENTS_TOPIC: {"num_partitions": _PARTITIONS},
    wire.DEADLETTERS_TOPIC: {"num_partitions": 1},
    wire.REPLAYS_TOPIC: {"num_partitions": 1},
    wire.CONNECTORS_TOPIC: {
        "num_partitions": 1,
        "configs": {"cleanup.policy": "compact"},
    },
    wire.COMMANDS_TOPIC: {
        "num_partitions": 1,
        "configs": {"cleanup.policy": "compact"},
    },
}


def create_outgoing_topics(bootstrap: str) -> None:
    """Create what is missing; raise BrokerUnavailable if the broker does not answer."""
    _create_missing(bootstrap, _WANTED)


def create_source_topics(bootstrap: str, names: Iterable[str]) -> None:
    """Create the topics of systems that push through the API and have no connector."""
    _create_missing(
        bootstrap, {name: {"num_partitions": _PARTITIONS} for name in sorted(names)}
    )


def _create_missing(bootstrap: str, wanted: Mapping[str, dict[str, Any]]) -> None:
    with broker_errors(bootstrap):
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap.split(","), bootstrap_timeout_ms=BOOTSTRAP_MS
        )
        try:
            existing = set(admin.list_topics())
            for name, options in wanted.items():
                if name not in existing:
                    _create(admin, {name: options | {"replication_factor": 1}})
        finally:
            admin.close()


def _create(admin: KafkaAdminClient, topic: dict[str, Any]) -> None:
    # another relay may be first
    with suppress(TopicAlreadyExistsError):
        admin.create_topics(topic, wait_for_metadata=True)
