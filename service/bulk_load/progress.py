"""How far a load is: a bar on a terminal, plain lines elsewhere, on standard error."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

_STEPS = {
    "store": "storing records",
    "keys": "writing blocking keys",
    "read": "reading all records",
    "match": "matching",
    "links": "writing links",
    "customers": "writing customers",
    "join": "joining known customers",
    "reviews": "writing reviews",
    "follow": "folding in changed records",
}
_EVERY_S = 5.0


class _Rate(ProgressColumn):
    """Items a second."""

    def render(self, task: Task) -> Text:
        """Return the rate of a step."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


class Bar:
    """Steps as bars, with rate and time left."""

    def __init__(self) -> None:
        self._shown = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._shown.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()
        self._shown.stop()

    def begin(self, step: str, total: int | None) -> None:
        """Show a step."""
        self._end()
        self._task = self._shown.add_task(_STEPS.get(step, step), total=total)

    def advance(self, items: int) -> None:
        """Move the bar on."""
        if self._task is not None:
            self._shown.advance(self._task, items)

    def _end(self) -> None:
        if self._task is not None:
            done = self._shown.tasks[self._task].completed
            self._shown.update(self._task, total=done or 1, completed=done or 1)


class Lines:
    """A line at the beginning of a step, and every few seconds within it."""

    def __init__(self) -> None:
        self._step, self._done = "", 0
        self._total: int | None = None
        self._began = self._said = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def begin(self, step: str, total: int | None) -> None:
        """Tell of a step."""
        self._step, self._done = _STEPS.get(step, step), 0
        self._total = total
        self._began = self._said = time.monotonic()
        of = f" ({total:,})" if total else ""
        sys.stderr.write(f"{self._step}{of}\n")

    def advance(self, items: int) -> None:
        """Tell how far it is, now and then."""
        self._done += items
        now = time.monotonic()
        if now - self._said < _EVERY_S:
            return
        self._said = now
        rate = self._done / (now - self._began)
        left = ""
        if self._total and rate:
            left = f", {max(0, self._total - self._done) / rate:,.0f} s left"
        sys.stderr.write(f"{self._step}: {self._done:,} at {rate:,.0f}/s{left}\n")


def shown() -> Bar | Lines:
    """Return the progress that suits standard error."""
    return Bar() if sys.stderr.isatty() else Lines()
