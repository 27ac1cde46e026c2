"""How many change events the connectors have published."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from schemas.wire import source_topic
from service.runtime.kafka_end_offsets import LogEnds


class CaptureCounter:
    """Counts the messages of the source topics by their ends."""

    def __init__(self, bootstrap: str, *, systems: tuple[str, ...]) -> None:
        self._topics = {source_topic(system) for system in systems}
        self._ends = LogEnds(bootstrap)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ends.__exit__(kind, error, trace)

    def count(self) -> int:
        """Return how many messages there are now."""
        topics = self._topics & self._ends.topics()
        places = {place for topic in topics for place in self._ends.partitions(topic)}
        return sum(self._ends.of(places).values())
