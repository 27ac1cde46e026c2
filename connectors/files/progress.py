"""How far a load is, on a terminal; nothing where there is none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from connectors.capture import Totals


class _Line:
    def __init__(self, totals: Totals, name: str) -> None:
        self._totals = totals
        self._name = name

    def __rich__(self) -> Text:
        """Return the line as of now."""
        totals = self._totals
        aside = f", {totals.rejects:,} set aside" if totals.rejects else ""
        return Text(f"{self._name}: {totals.rows:,} rows{aside}")


@contextmanager
def showing(totals: Totals, name: str) -> Iterator[None]:
    """Show the totals while they grow."""
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield
        return
    with Live(_Line(totals, name), console=console, refresh_per_second=4):
        yield
