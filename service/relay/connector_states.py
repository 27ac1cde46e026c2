"""What connectors say of themselves, from Kafka to where the database can show it."""

from __future__ import annotations

import time
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from schemas import wire
from schemas.connector import ConnectorStatus
from service.database.connection.session import Connection
from service.database.operations import connector_states
from service.runtime.kafka import BOOTSTRAP_MS, broker_errors

_PLACE = TopicPartition(wire.CONNECTORS_TOPIC, 0)
_LOOK_EVERY_S = 0.5


class ConnectorStates:
    """Reads `couture.connectors`, a compacted topic, from its beginning on.

    No offset is kept: what is read again is not newer than what is stored.
    """

    def __init__(self, bootstrap: str) -> None:
        self._looked = 0.0
        self._next = 0
        with broker_errors(bootstrap):
            self._consumer = KafkaConsumer(
                bootstrap_servers=bootstrap.split(","),
                bootstrap_timeout_ms=BOOTSTRAP_MS,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                fetch_max_wait_ms=10,
            )
            self._consumer.assign([_PLACE])
            self._consumer.seek_to_beginning(_PLACE)

    def take(self, connection: Connection) -> None:
        """Store what was said since the last call; asks twice a second at most."""
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY_S:
            return
        self._looked = now
        end = self._consumer.highwater(_PLACE)
        if end is not None and end < self._next:
            self._consumer.seek_to_beginning(_PLACE)  # the broker forgot
            self._next = 0
        last: dict[str, ConnectorStatus | None] = {}
        for message in self._consumer.poll(timeout_ms=0).get(_PLACE, []):
            self._next = message.offset + 1
            if message.value is None and message.key:
                last[message.key.decode("utf-8", "replace")] = None  # it was removed
            elif (status := _status(message)) is not None:
                last[status.system] = status
        connector_states.keep(connection, filter(None, last.values()))
        connector_states.forget(connection, [k for k, v in last.items() if v is None])

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()


def _status(message: Any) -> ConnectorStatus | None:
    try:
        return wire.decode_status(message.value, message.headers)
    except wire.MalformedMessage:
        return None  # of a later version: the next one this version reads will show
