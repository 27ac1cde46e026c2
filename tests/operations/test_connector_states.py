"""What a connector says of itself is shown until its system is removed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from kafka import KafkaProducer

from connectors.kafka.broker import create_topics
from schemas import wire
from schemas.connector import ConnectorState, ConnectorStatus
from service.database.connection.session import Connection
from service.database.operations import connector_states
from service.relay.connector_states import ConnectorStates

WITHIN_S = 60


def test_a_removed_system_is_shown_no_more(connection: Connection, broker: str) -> None:
    create_topics(broker, "till")
    now = datetime.now(UTC)
    status = ConnectorStatus(
        system="till",
        connector="debezium-postgresql",
        state=ConnectorState.STOPPED,
        since=now,
        at=now,
    )
    topic, key, value, headers = wire.encode_status(status)
    producer = KafkaProducer(bootstrap_servers=broker)
    states = ConnectorStates(broker)

    def until(true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WITHIN_S
        while not true():
            assert time.monotonic() < deadline
            states.take(connection)
            time.sleep(0.02)

    producer.send(topic, key=key, value=value, headers=headers).get(WITHIN_S)
    until(lambda: connector_states.find(connection, "till") is not None)
    producer.send(topic, key=key, value=None).get(WITHIN_S)
    until(lambda: connector_states.find(connection, "till") is None)
    states.close()
    producer.close()
