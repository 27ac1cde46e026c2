"""Topics of a broker, read from places that the reader keeps itself."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition

from connectors.kafka.broker import broker_errors, servers

_IDLE_MS = 1_000
_LOOK_S = 30.0
_TRIES = 5
_POLL_MS = 200

Place = tuple[str, int]
"""A topic and the number of a partition."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message and where it stands."""

    place: Place
    number: int
    key: bytes | None = field(repr=False)
    value: bytes | None = field(repr=False)


class TopicReader:
    """A consumer without a group; raises RetryLater while the broker is away."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._looked_at: float | None = None
        with broker_errors(bootstrap):
            self._consumer = KafkaConsumer(
                **servers(bootstrap),
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="none",
                fetch_max_wait_ms=100,
                bootstrap_timeout_ms=10_000,
                request_timeout_ms=10_000,
            )

    def partitions(self, topic: str) -> set[int]:
        """Return the numbers of a topic's partitions, none without the topic."""
        with broker_errors(self._bootstrap):
            return set(self._consumer.partitions_for_topic(topic) or ())

    def places(self, topics: Iterable[str]) -> list[Place]:
        """Return all partitions of topics."""
        return [(topic, n) for topic in topics for n in sorted(self.partitions(topic))]

    def bounds(
        self, places: Iterable[Place]
    ) -> tuple[dict[Place, int], dict[Place, int]]:
        """Return where partitions begin and end; what was followed no longer is."""
        wanted = [TopicPartition(*place) for place in places]
        with broker_errors(self._bootstrap):
            starts = self._consumer.beginning_offsets(wanted)
            ends = told_ends(self._consumer, self._consumer.end_offsets(wanted))
        return (
            {(one.topic, one.partition): at for one, at in starts.items()},
            {(one.topic, one.partition): at for one, at in ends.items()},
        )

    def follow(self, topics: Mapping[str, Any], at: dict[Place, int]) -> set[str]:
        """Read on from these places; return the topics that have grown partitions,
        which are looked for at times and added to the places."""
        now = time.monotonic()
        if self._looked_at is not None and now - self._looked_at < _LOOK_S:
            return set()
        self._looked_at = now
        found = self.places(topics)
        new = [place for place in found if place not in at]
        at |= dict.fromkeys(new, 0)
        with broker_errors(self._bootstrap):
            self._consumer.assign([TopicPartition(*place) for place in found])
            for place in found:
                self._consumer.seek(TopicPartition(*place), at[place])
        return {topic for topic, _ in new}

    def poll(self, most: int) -> list[Message]:
        """Return what comes within a second, at most so many messages."""
        with broker_errors(self._bootstrap):
            polled = self._consumer.poll(timeout_ms=_IDLE_MS, max_records=most)
        return [
            Message((one.topic, one.partition), one.offset, one.key, one.value)
            for messages in polled.values()
            for one in messages
        ]

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


def told_ends(
    consumer: KafkaConsumer, claimed: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Return the ends of partitions as a fetch tells them, at least those claimed.

    Tansu 0.6 claims the first offset of the last batch plus one. The consumer is
    assigned these partitions afterwards.
    """
    consumer.assign([])
    consumer.assign(list(claimed))
    for partition, end in claimed.items():
        consumer.seek(partition, end)
    unknown = set(claimed)
    for _ in range(_TRIES):
        if not unknown:
            break
        consumer.poll(timeout_ms=_POLL_MS)
        unknown = {one for one in unknown if consumer.highwater(one) is None}
    return {
        partition: max(end, consumer.highwater(partition) or 0)
        for partition, end in claimed.items()
    }


def holds_messages(bootstrap: str, topic: str) -> bool:
    """Return whether a topic is there and not empty; raise RetryLater."""
    with TopicReader(bootstrap) as reader:
        _, ends = reader.bounds(reader.places([topic]))
        return any(end > 0 for end in ends.values())
