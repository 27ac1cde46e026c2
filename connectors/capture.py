"""Batches from a connector to the broker, each published before its offset."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import cast

from connectors.contract import Batch, Connector, Offset
from connectors.kafka.command_topic import Commands
from connectors.kafka.offsets import Offsets
from connectors.kafka.publisher import Publisher
from connectors.kafka.snapshot_manifest import ManifestBuilder
from connectors.kafka.status_topic import StatusTopic
from connectors.mapping.rows_to_events import Mapping
from connectors.state_log import Say, State

_CHECK_LOG_S = 5.0
_SAY_PROGRESS_S = 2.0


@dataclass(slots=True)
class Totals:
    """What a run read and published; `rejects` are rows set aside, `snapshots` those
    that were read whole."""

    batches: int = 0
    snapshots: int = 0
    rows: int = 0
    events: int = 0
    rejects: int = 0


@dataclass(slots=True)
class Capture:
    """One attempt to follow a connector, from an offset or from a snapshot."""

    connector: Connector
    mapping: Mapping
    offsets: Offsets
    publisher: Publisher
    totals: Totals
    say: Say
    stop: threading.Event
    status: StatusTopic | None = None
    commands: Commands | None = None
    _census: ManifestBuilder | None = None
    _state: State | None = None
    _said_at: float = 0.0
    _checked_at: float = 0.0

    def follow(self, offset: Offset | None) -> None:
        """Capture until the source ends or someone says stop."""
        if offset is None:
            self._census = ManifestBuilder(self.mapping.system, self.mapping.kinds)
            offset = self._drain(self.connector.snapshot())
            if offset is None or self._is_over():
                return
        self._drain(self.connector.changes(offset))

    def _drain(self, batches: Iterator[Batch]) -> Offset | None:
        offset: Offset | None = None
        # Closing the generator ends the capture itself, whatever happened here.
        with closing(cast("_Closable", batches)):
            for batch in batches:
                self._take(batch)
                offset = batch.offset or offset
                if self._is_over():
                    break
        return offset

    def _is_over(self) -> bool:
        """Someone said stop, or told the connector to do something else."""
        told = self.commands is not None and self.commands.look()
        return told or self.stop.is_set()

    def _take(self, batch: Batch) -> None:
        self.totals.batches += 1
        outcomes = (one for row in batch.rows for one in self.mapping.events(row))
        published = self.publisher.publish(
            self._census.counted(outcomes) if self._census else outcomes
        )
        if batch.whole:
            self._tell_what_was_seen(batch)
        if batch.offset is not None:
            self.offsets.store(batch.offset, self.publisher)
        self.totals.snapshots += batch.whole
        self.totals.rows += len(batch.rows)
        self.totals.events += published.events
        self.totals.rejects += published.rejects
        self._tell(batch)
        self._note(batch)
        for note in batch.notes:
            self.say(State.DRIFT, problem=note.problem, remedy=note.remedy)
        for sentence in self.mapping.told.take():
            self.say(State.NOTED, note=sentence)
        if published.rejects:
            self.say(
                State.REJECTING,
                rows=published.rejects,
                reasons=sorted(published.reasons)[:10],
                remedy="They wait among the dead letters. Correct the mapping file, "
                "start the connector again, then: couture deadletters replay --reason "
                f"unmappable_row --system {self.mapping.system} --because WHY",
            )
        self._watch_log()

    def _note(self, batch: Batch) -> None:
        if self.status is None:
            return
        times = [row.ts_ms for row in batch.rows if row.ts_ms is not None]
        lag_s = time.time() - max(times) / 1_000 if times else None
        if not batch.rows and not batch.snapshot and batch.connected:
            lag_s = 0.0  # a sign of life: there is nothing left to read
        self.status.went_on(
            offset=dict(batch.offset) if batch.offset else None,
            lag_s=None if batch.snapshot else lag_s,
            unmapped=self.mapping.unmapped.columns,
            rows=self.totals.rows,
            events=self.totals.events,
            rejects=self.totals.rejects,
        )

    def _tell_what_was_seen(self, batch: Batch) -> None:
        """Before the offset: a crash between them reads the source again."""
        if self._census is not None:
            self._census.publish(self.offsets, self.publisher, read_at=batch.read_at)
            self._census = None

    def _tell(self, batch: Batch) -> None:
        if batch.retrying is not None:
            problem, remedy = batch.retrying.problem, batch.retrying.remedy
            self.say(State.RETRYING, problem=problem, remedy=remedy)
            self._state = None
        if not batch.connected:
            return
        state = State.SNAPSHOT if batch.snapshot else State.STREAMING
        now = time.monotonic()
        late = now - self._said_at >= _SAY_PROGRESS_S
        if state is not self._state or (batch.snapshot and late):
            total = {} if batch.total is None else {"of": batch.total}
            self.say(state, rows=self.totals.rows, **total)
            self._state, self._said_at = state, now

    def _watch_log(self) -> None:
        # A broker that came back empty takes new messages as if nothing happened.
        now = time.monotonic()
        if now - self._checked_at >= _CHECK_LOG_S:
            self._checked_at = now
            self.offsets.check_log()


class _Closable(Iterator[Batch]):
    def close(self) -> None: ...
