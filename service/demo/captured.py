"""How many change events the connectors have published."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from kafka import KafkaConsumer, TopicPartition

from schemas.wire import source_topic


class CaptureCounter:
    """Counts the messages of the source topics, without reading them."""

    def __init__(self, bootstrap: str, *, systems: tuple[str, ...]) -> None:
        self._topics = {source_topic(system) for system in systems}
        self._kafka = KafkaConsumer(
            bootstrap_servers=bootstrap, enable_auto_commit=False
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

    def count(self) -> int:
        """Return how many messages there are now."""
        places = [
            TopicPartition(topic, partition)
            for topic in self._topics & set(self._kafka.topics())
            for partition in self._kafka.partitions_for_topic(topic) or ()
        ]
        return sum(self._kafka.end_offsets(places).values()) if places else 0
