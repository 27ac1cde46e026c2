"""The live screen: figures in place on a terminal, plain lines anywhere else."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from service.demo.run.metrics import Counts, Matching

_LINE_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Moment:
    """What the screen shows of one moment."""

    doing: str
    seconds: int
    captured: int
    counts: Counts
    true: int
    freshness_ms: tuple[int | None, int | None]
    matching: Matching
    memory: Mapping[str, int]
    restarts: int = 0


class Screen:
    """Shows moments, under the links; says lines that stay."""

    def __init__(self, *, live: bool) -> None:
        # Soft wrap: a command to paste must not be broken into lines.
        self._console = Console(highlight=False, soft_wrap=True)
        self._live: Live | None = None
        if live and self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False)
        self._line_at = 0.0

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def say(self, line: str) -> None:
        """Print a line that stays above the figures."""
        self._console.print(Text(line), soft_wrap=True)

    def show(self, moment: Moment) -> None:
        """Show the figures of a moment."""
        if self._live:
            self._live.update(panel(moment), refresh=True)
        elif time.monotonic() - self._line_at > _LINE_EVERY_SECONDS:
            self._line_at = time.monotonic()
            self.say(_line(moment))


def _rows(moment: Moment) -> list[tuple[str, str]]:
    p50, p99 = moment.freshness_ms
    judged = moment.matching
    return [
        ("captured", f"{moment.captured:,} changes"),
        ("applied", f"{moment.counts.applied:,}"),
        ("dead letters", f"{moment.counts.dead_lettered:,}"),
        ("customers", f"{moment.counts.golden:,} golden, {moment.true:,} true"),
        ("freshness", f"p50 {_ms(p50)}, p99 {_ms(p99)}"),
        (
            "accuracy",
            f"precision {judged.precision:.4f}, recall {judged.recall:.4f}, "
            f"F1 {judged.f1:.4f}",
        ),
    ]


def _line(moment: Moment) -> str:
    figures = "; ".join(f"{name} {value}" for name, value in _rows(moment))
    return f"[{moment.seconds:>4} s] {moment.doing}: {figures}"


def panel(moment: Moment) -> RenderableType:
    """Return the figures of a moment side by side with the processes."""
    figures = Table.grid(padding=(0, 2))
    for name, value in _rows(moment):
        figures.add_row(Text(name, style="bold"), value)
    processes = Table.grid(padding=(0, 2))
    for name, size in moment.memory.items():
        processes.add_row(Text(name, style="dim"), f"{size / 2**20:,.0f} MB")
    side_by_side = Table.grid(padding=(0, 6))
    side_by_side.add_row(figures, processes)
    restarts = f", {moment.restarts} restarts" if moment.restarts else ""
    title = f"\n{moment.doing} for {moment.seconds} s{restarts}  (Ctrl-C stops all)\n"
    return Group(Text(title, style="bold cyan"), side_by_side)


def _ms(value: int | None) -> str:
    return "–" if value is None else f"{value:,} ms"
