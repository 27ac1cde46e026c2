"""Where the topics end, as reading them tells, not only as the broker claims."""

from __future__ import annotations

import time
from collections.abc import Collection
from types import TracebackType
from typing import Self

from kafka import KafkaConsumer, TopicPartition

_WITHIN_SECONDS = 5.0


class LogEnds:
    """Asks for the offset after the last message of partitions.

    Tansu 0.6, asked for the latest offset, answers the first offset of the last batch
    plus one, which may lie before messages already read. The high watermark that comes
    with every fetch is right, so one fetch is made from there.
    """

    def __init__(self, bootstrap: str) -> None:
        self._kafka = KafkaConsumer(
            bootstrap_servers=bootstrap.split(","),
            enable_auto_commit=False,
            fetch_max_wait_ms=10,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._kafka.close()

    def topics(self) -> set[str]:
        """Return the names of all topics."""
        return set(self._kafka.topics())

    def partitions(self, topic: str) -> set[TopicPartition]:
        """Return the partitions of a topic."""
        numbers = self._kafka.partitions_for_topic(topic) or ()
        return {TopicPartition(topic, number) for number in numbers}

    def of(self, places: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the offset after the last message of each partition."""
        if not places:
            return {}
        ends: dict[TopicPartition, int] = self._kafka.end_offsets(list(places))
        self._kafka.assign([])  # forget the watermarks of an earlier question
        self._kafka.assign(list(places))
        for place, end in ends.items():
            self._kafka.seek(place, end)
        deadline = time.monotonic() + _WITHIN_SECONDS
        unknown = set(places)
        while unknown and time.monotonic() < deadline:
            self._kafka.poll(timeout_ms=20)
            unknown = {p for p in unknown if self._kafka.highwater(p) is None}
        for place in set(places) - unknown:
            ends[place] = max(ends[place], self._kafka.highwater(place))
        return ends
