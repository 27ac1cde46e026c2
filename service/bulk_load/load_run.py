"""What the steps of one load share: where, what, with which model, and the clock."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from service.database.batches.bulk_loads import BulkLoad
from service.resolver.resolve import ActiveModel


class Progress(Protocol):
    """Whoever shows how far the load is."""

    def begin(self, step: str, total: int | None) -> None:
        """Begin a step of so many items."""

    def advance(self, items: int) -> None:
        """Say that so many more are done."""


class Clock:
    """Tells each step to the progress, and keeps how long it took."""

    def __init__(self, progress: Progress) -> None:
        self.advance = progress.advance
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._step: str | None = None
        self._since = time.monotonic()

    def begin(self, step: str, total: int | None = None) -> None:
        """End the step before, and begin this one."""
        self.end()
        self._step = step
        self._progress.begin(step, total)

    def end(self) -> None:
        """End the step."""
        now = time.monotonic()
        if self._step:
            self.seconds[self._step] = round(now - self._since, 2)
        self._since, self._step = now, None


@dataclass(frozen=True)
class Run:
    """One run of a load."""

    database_url: str
    begun: BulkLoad
    judge: ActiveModel
    engine: str
    progress: Progress

    @cached_property
    def clock(self) -> Clock:
        """The clock of this run."""
        return Clock(self.progress)
