"""Where each connector is: its offset, kept in Kafka beside the records it wrote."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition

from connectors.contract import LogLost, Offset, RetryLater
from connectors.kafka.broker import broker_errors, servers
from connectors.kafka.publisher import Message, Publisher
from connectors.kafka.topic_reader import told_ends
from schemas import wire

_POSITIONS = TopicPartition(wire.POSITIONS_TOPIC, 0)
_POLL_MS = 200
_TRIES = 5
_BETWEEN_TRIES_S = 0.2


class Offsets:
    """The offsets of one connector in `couture.positions`."""

    def __init__(self, bootstrap: str, *, name: str) -> None:
        self._bootstrap = bootstrap
        self._key = name.encode()
        # What the broker said itself, at the last look: not every broker counts the
        # records of its last batch, so only its own words are compared.
        self._ends: dict[str, int] = {}
        with broker_errors(bootstrap):
            self._consumer = KafkaConsumer(
                **servers(bootstrap),
                group_id=None,
                enable_auto_commit=False,
                bootstrap_timeout_ms=10_000,
                request_timeout_ms=10_000,
            )

    def read(self) -> Offset | None:
        """Return what was stored last; None if there is none, or it no longer holds
        because the broker lost messages that were confirmed before it."""
        with broker_errors(self._bootstrap):
            value = self._last_value()
        if value is None:
            return None
        document = json.loads(value)
        offset: Offset = document["offset"]
        self._ends = document["ends"]
        try:
            self.check_log()
        except LogLost:
            self._ends = {}
            return None
        return offset

    def store(self, offset: Offset, publisher: Publisher) -> None:
        """Store an offset, confirmed by the broker, after what was published."""
        self._look(self._ends.keys() | publisher.ends.keys())
        document = {"offset": offset, "ends": self._ends}
        value = json.dumps(document, separators=(",", ":")).encode()
        publisher.send([Message(wire.POSITIONS_TOPIC, self._key, value, [])])

    def forget(self, publisher: Publisher) -> None:
        """Have the source read from the beginning at the next `read`."""
        publisher.send([Message(wire.POSITIONS_TOPIC, self._key, None, [])])

    def ends(self, topic: str) -> dict[int, int]:
        """Return where each partition of a topic ends now."""
        with broker_errors(self._bootstrap):
            numbers = self._consumer.partitions_for_topic(topic) or ()
        places = [TopicPartition(topic, number) for number in sorted(numbers)]
        found = self._asked(places) if places else {}
        return {place.partition: end for place, end in found.items()}

    def check_log(self) -> None:
        """Raise LogLost if a topic is shorter than the broker said before."""
        self._look(self._ends.keys())

    def _look(self, names: Iterable[str]) -> None:
        wanted = {name: _partition(name) for name in names}
        if not wanted:
            return
        found = self._asked(list(wanted.values()))
        for name, partition in wanted.items():
            if found[partition] < self._ends.get(name, 0):
                raise LogLost(
                    f"The broker lost the tail of {partition.topic}.",
                    remedy="The source is read again; nothing to do.",
                )
            self._ends[name] = found[partition]

    def _asked(self, partitions: list[TopicPartition]) -> dict[Any, int]:
        with broker_errors(self._bootstrap):
            for _ in range(_TRIES):
                # The client answers for some partitions only while it learns
                # where the others are.
                with suppress(KeyError):
                    claimed: dict[Any, int] = self._consumer.end_offsets(partitions)
                    return told_ends(self._consumer, claimed)
                time.sleep(_BETWEEN_TRIES_S)
        raise RetryLater(
            f"The broker at {self._bootstrap} does not tell the ends of its topics.",
            remedy="It is asked again.",
        )

    def _last_value(self) -> bytes | None:
        self._consumer.assign([_POSITIONS])
        end = self._asked([_POSITIONS])[_POSITIONS]
        self._consumer.seek_to_beginning(_POSITIONS)
        found: bytes | None = None
        while True:
            polled = self._consumer.poll(timeout_ms=_POLL_MS).get(_POSITIONS, [])
            for message in polled:
                found = message.value if message.key == self._key else found
            if not polled and self._consumer.position(_POSITIONS) >= end:
                return found

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _partition(name: str) -> TopicPartition:
    topic, _, number = name.rpartition(":")
    return TopicPartition(topic, int(number))
