"""How long a write in a source takes until a reader of the service can see it."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from psycopg import sql

from service.database.connection.session import Connection, connect
from service.demo.retailer.writes import SourceWrite
from service.demo.systems.systems import TABLES

_LOOK_EVERY_SECONDS = 0.02
_WAITING_AT_MOST = 20

# Seen means folded into the profile: no dirty mark is left on the record. Only
# Debezium tells when its source committed; for the others the time of arrival counts.
_RECORD_SEEN = sql.SQL(
    "SELECT 1 FROM source_record r WHERE system = %s AND id = %s"
    " AND coalesce(source_at, applied_at) >= %s"
    " AND NOT EXISTS (SELECT FROM dirty d WHERE d.record_id = r.record_id)"
)
_FACT_SEEN = (
    "SELECT 1 FROM {} f WHERE system = %s AND id = %s AND NOT EXISTS"
    " (SELECT FROM dirty d WHERE d.record_id = f.customer_record_id)"
)


@dataclass(frozen=True, slots=True)
class _Sample:
    act: SourceWrite
    written_from: datetime
    written_at: float


class FreshnessSampler:
    """Follows a sample of acts, in a thread of its own, until they can be read."""

    def __init__(self, database_url: str) -> None:
        self._connection = connect(database_url, name="couture-demo", autocommit=True)
        self._waiting: deque[_Sample] = deque()
        self._seconds: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._connection.close()

    def follow(self, act: SourceWrite, *, since: datetime) -> None:
        """Follow an act, just written by a call that began at `since`."""
        told_apart = act.op == "insert" or TABLES[act.system, act.table] == _RECORDS
        if told_apart and act.op != "delete" and len(self._waiting) < _WAITING_AT_MOST:
            # Debezium tells the time of a commit in whole milliseconds.
            begun = since.replace(microsecond=since.microsecond // 1000 * 1000)
            self._waiting.append(_Sample(act, begun, time.monotonic()))

    def percentiles_ms(self) -> tuple[int | None, int | None]:
        """Return the median and the 99th percentile, None while there is nothing."""
        found = sorted(self._seconds)
        if not found:
            return None, None
        return _at(found, 0.5), _at(found, 0.99)

    @property
    def samples(self) -> int:
        """How many acts were seen to arrive."""
        return len(self._seconds)

    @property
    def waiting(self) -> int:
        """How many acts are not yet seen."""
        return len(self._waiting)

    def _follow(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_SECONDS):
            for _ in range(len(self._waiting)):
                sample = self._waiting.popleft()
                if _seen(self._connection, sample):
                    self._seconds.append(time.monotonic() - sample.written_at)
                else:
                    self._waiting.append(sample)


_RECORDS = "source_record"


def _seen(connection: Connection, sample: _Sample) -> bool:
    act = sample.act
    table = TABLES[act.system, act.table]
    place: list[object] = [act.system, str(act.id)]
    if table == _RECORDS:
        found = connection.execute(_RECORD_SEEN, [*place, sample.written_from])
    else:
        query = sql.SQL(_FACT_SEEN).format(sql.Identifier(table))
        found = connection.execute(query, place)
    return found.fetchone() is not None


def _at(ordered: list[float], share: float) -> int:
    index = min(int(len(ordered) * share), len(ordered) - 1)
    return round(ordered[index] * 1000)


def now() -> datetime:
    """Return the time of a write that begins."""
    return datetime.now(UTC)
