"""What operators watch: dead letters, what waits and since when, the link rate."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from service.database.connection import pools
from service.database.connection.pools import Pool
from service.database.operations import backlog, dead_letters
from service.database.operations.backlog import Size
from service.errors import DatabaseUnavailable

_COUNT_AGAIN_S = 60.0
_WAITING = {
    "couture_unfinished_records": "Records whose customer is not yet written",
    "couture_unfinished_age_seconds": "Since the oldest of them changed",
    "couture_outbox_messages": "Messages that the relay has still to publish",
    "couture_outbox_age_seconds": "Since the oldest of them was written",
    "couture_review_age_seconds": "Since the oldest case for a steward was opened",
    "couture_held_sweeps": "Sweeps that wait for a person",
}


class Operation(Collector):
    """Asks the database at each scrape; without it, says only that it is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._size: Size | None = None
        self._counted_at = 0.0

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            letters = pools.read(self._pool, dead_letters.counts)
            waiting = pools.read(self._pool, backlog.waiting)
            size = self._counted()
        except DatabaseUnavailable:
            yield _gauge("couture_database_up", "Whether PostgreSQL answers", 0)
            return
        yield _gauge("couture_database_up", "Whether PostgreSQL answers", 1)
        found = GaugeMetricFamily(
            "couture_dead_letters", "Open dead letters", labels=["system", "reason"]
        )
        for (system, reason), count in sorted(letters.items()):
            found.add_metric([system, reason], count)
        yield found
        for (name, help_), value in zip(_WAITING.items(), waiting, strict=True):
            yield _gauge(name, help_, value)
        yield _gauge("couture_source_records", "Labelled records", size.records)
        yield _gauge("couture_golden_records", "Golden records", size.customers)
        yield _gauge(
            "couture_link_rate", "Share of records linked to another's", size.link_rate
        )

    def _counted(self) -> Size:
        now = time.monotonic()
        if self._size is None or now - self._counted_at > _COUNT_AGAIN_S:
            self._size = pools.read(self._pool, backlog.size)
            self._counted_at = now
        return self._size


def _gauge(name: str, help_: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_, value=value)
