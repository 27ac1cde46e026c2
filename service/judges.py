"""The judge of a process with many threads: loaded once, anew when the model changes.

A scorer serves one thread at a time, so there are a few, and a thread takes one. The
resolver has a judge of its own; nothing here writes.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matching.errors import MatchingError
from service.database import models
from service.database.session import Connection
from service.errors import Misconfigured

if TYPE_CHECKING:
    from service.resolver.resolve import Judge

SCORERS = 2


@dataclass(frozen=True)
class _Loaded:
    digest: str | None
    idle: queue.LifoQueue[Judge]


class Judges:
    """Lends the judge of the active model; it is loaded when it is first asked for."""

    def __init__(self, *, scorers: int = SCORERS) -> None:
        self._scorers = scorers
        self._loading = threading.Lock()
        self._loaded: _Loaded | None = None

    @contextmanager
    def judge(self, connection: Connection) -> Iterator[Judge]:
        """Lend a judge to one thread; raise Misconfigured if the model is unusable."""
        idle = self._current(connection).idle
        judge = idle.get()
        try:
            yield judge
        finally:
            idle.put(judge)

    def _current(self, connection: Connection) -> _Loaded:
        digest = models.active_digest(connection)
        loaded = self._loaded
        if loaded is not None and loaded.digest == digest:
            return loaded
        with self._loading:
            if self._loaded is None or self._loaded.digest != digest:
                self._loaded = _load(connection, digest, self._scorers)
            return self._loaded


def _load(connection: Connection, digest: str | None, scorers: int) -> _Loaded:
    # Here, not above: Splink and DuckDB are most of the memory of a small process,
    # and only a search or an explanation needs them.
    from matching.model import Model
    from matching.score import Scorer
    from service.resolver.resolve import Judge

    idle: queue.LifoQueue[Judge] = queue.LifoQueue()
    try:
        # Where no resolver ever ran, it would begin with the shipped model.
        model = (models.active(connection) if digest else None) or Model.load()
        for _ in range(scorers):
            idle.put(Judge(model, Scorer(model)))
    except MatchingError as error:
        raise Misconfigured(f"The active model cannot be used: {error}.") from error
    return _Loaded(digest, idle)
