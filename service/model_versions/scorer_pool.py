"""The judge of a process with many threads: loaded once, anew when the model changes.

A scorer serves one thread at a time, so there are a few, and a thread takes one. The
resolver has a judge of its own; nothing here writes.
"""

from __future__ import annotations

import atexit
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matching.errors import MatchingError
from service.database.clusters import model_versions
from service.database.connection.session import Connection
from service.errors import Misconfigured

if TYPE_CHECKING:
    from matching.model.model_version import Model
    from service.resolver.resolve import ActiveModel

SCORERS = 2


@dataclass(frozen=True)
class _Loaded:
    digest: str | None
    idle: queue.LifoQueue[ActiveModel]


class ScorerPool:
    """Lends the judge of the active model; it is loaded when it is first asked for."""

    def __init__(self, *, scorers: int = SCORERS) -> None:
        self._scorers = scorers
        self._loading = threading.Lock()
        self._loaded: _Loaded | None = None
        self._read: tuple[str | None, Model] | None = None

    def close(self) -> None:
        """Let the scorers go; the next to ask loads anew."""
        self._loaded = None

    @property
    def is_loaded(self) -> bool:
        """Whether a judge can be lent without loading a model first."""
        return self._loaded is not None

    def load(self, connection: Connection) -> None:
        """Load the active model's judges now; raise Misconfigured if it is unusable."""
        self._current(connection)

    def model(self, connection: Connection) -> Model:
        """Return the active model, for what needs no scorer; or raise Misconfigured."""
        digest = model_versions.active_digest(connection)
        read = self._read
        if read is None or read[0] != digest:
            self._read = read = digest, _model(connection, digest)
        return read[1]

    @contextmanager
    def judge(self, connection: Connection) -> Iterator[ActiveModel]:
        """Lend a judge to one thread; raise Misconfigured if the model is unusable."""
        idle = self._current(connection).idle
        judge = idle.get()
        try:
            yield judge
        finally:
            idle.put(judge)

    def _current(self, connection: Connection) -> _Loaded:
        digest = model_versions.active_digest(connection)
        loaded = self._loaded
        if loaded is not None and loaded.digest == digest:
            return loaded
        with self._loading:
            loaded = self._loaded
            if loaded is None or loaded.digest != digest:
                self._loaded = loaded = _load(connection, digest, self._scorers)
                # DuckDB complains of what is still open when the process ends
                atexit.register(self.close)
            return loaded


def _model(connection: Connection, digest: str | None) -> Model:
    from matching.model.model_version import Model

    try:
        # Where no resolver ever ran, it would begin with the shipped model.
        return (model_versions.active(connection) if digest else None) or Model.load()
    except MatchingError as error:
        raise _unusable(error) from error


def _load(connection: Connection, digest: str | None, scorers: int) -> _Loaded:
    # Here, not above: Splink and DuckDB are most of the memory of a small process,
    # and only a search or an explanation needs them.
    from matching.scoring.scorer import Scorer
    from service.resolver.resolve import ActiveModel

    model = _model(connection, digest)
    idle: queue.LifoQueue[ActiveModel] = queue.LifoQueue()
    try:
        for _ in range(scorers):
            idle.put(ActiveModel(model, Scorer(model)))
    except MatchingError as error:
        raise _unusable(error) from error
    return _Loaded(digest, idle)


def _unusable(error: MatchingError) -> Misconfigured:
    return Misconfigured(f"The active model cannot be used: {error}.")
