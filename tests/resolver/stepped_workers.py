"""Real workers on real connections that go on only when told, one seam at a time.

So an interleaving of several workers is a list of numbers: a test can choose it, replay
it and shrink it. A worker that waits for a lock which another holds stays where it is
until the other goes on; PostgreSQL says so, no clock does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Any

import pytest

from matching.scoring.scorer import Scorer
from service.database.connection.session import Connection, connect
from service.resolver import relabel as relabel_module
from service.resolver import resolve as story
from service.resolver.resolve import ActiveModel

Job = Callable[[Connection], None]
_here = threading.local()
_LOOK_AGAIN_S = 0.002


class Died(BaseException):
    """The worker's process ends here: its transaction is undone, its place kept."""


class SteppedWorker:
    """A thread with a connection of its own; it stops at every seam and waits."""

    def __init__(self, database_url: str) -> None:
        self.connection = connect(
            database_url, autocommit=True, options="-c deadlock_timeout=20ms"
        )
        self.pid = self.connection.info.backend_pid
        self.failure: BaseException | None = None
        self.idle, self.paused = True, False
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._orders: SimpleQueue[bool] = SimpleQueue()
        self.moved = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return not (self.idle or self.paused)

    def begin(self, job: Job) -> None:
        self.idle = False
        self.moved.clear()
        self._jobs.put(job)

    def go_on(self, *, die: bool = False) -> None:
        self.paused = False
        self.moved.clear()
        self._orders.put(die)

    def close(self) -> None:
        self._jobs.put(None)
        self._thread.join()
        self.connection.close()

    def seam(self) -> None:
        self.paused = True
        self.moved.set()
        if self._orders.get():
            raise Died

    def _live(self) -> None:
        _here.actor = self
        while (job := self._jobs.get()) is not None:
            try:
                job(self.connection)
            except Died:
                pass
            except BaseException as error:
                self.failure = error
            self.idle = True
            self.moved.set()


def seam() -> None:
    """Wait to be told to go on, if an actor comes by here."""
    if actor := getattr(_here, "actor", None):
        actor.seam()


class SteppedWorkers:
    """Several actors on one database, of which at most one moves at a time."""

    def __init__(self, database_url: str, count: int) -> None:
        self.actors = [SteppedWorker(database_url) for _ in range(count)]
        self.watch = connect(database_url, autocommit=True)

    def step(self, actor: SteppedWorker, *, die: bool = False) -> None:
        """Let the actor go to its next seam, its end, or a lock that another holds."""
        if actor.paused:
            actor.go_on(die=die)
        self.settle()

    def begin(self, actor: SteppedWorker, job: Job) -> None:
        """Give an idle actor a job, and let it go to its first seam."""
        actor.begin(job)
        self.settle()

    def settle(self) -> None:
        """Wait until whoever still runs waits for a lock of one who is paused."""
        while moving := [actor for actor in self.actors if actor.running]:
            if not moving[0].moved.wait(_LOOK_AGAIN_S) and self._held(moving):
                return
        for actor in self.actors:
            if failure := actor.failure:
                actor.failure = None
                raise failure

    def finish(self) -> None:
        """Let everyone end its job, in order."""
        while busy := [actor for actor in self.actors if not actor.idle]:
            self.step(next((a for a in busy if a.paused), busy[0]))

    def clear(self) -> None:
        """Let everyone die where it stands."""
        while busy := [actor for actor in self.actors if not actor.idle]:
            with suppress(Exception):
                self.step(next((a for a in busy if a.paused), busy[0]), die=True)

    def close(self) -> None:
        self.clear()
        for actor in self.actors:
            actor.close()
        self.watch.close()

    def _held(self, moving: Sequence[SteppedWorker]) -> bool:
        held = {actor.pid for actor in self.actors if actor.paused}
        before = 0
        while before != len(held):
            before = len(held)
            held |= {a.pid for a in moving if held.intersection(self._blockers(a))}
        return all(actor.running and actor.pid in held for actor in moving)

    def _blockers(self, actor: SteppedWorker) -> list[int]:
        row = self.watch.execute("SELECT pg_blocking_pids(%s)", [actor.pid]).fetchone()
        return list(row[0]) if row else []


class SeamedScorer:
    """The judge's scorer with a seam before it: candidates are read, links not yet."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._lock = threading.Lock()

    def score(self, *args: Any) -> Any:
        seam()
        with self._lock:  # a worker's own in life; here one for all saves their start
            return self._scorer.score(*args)


def _seamed(step: Callable[..., Any]) -> Callable[..., Any]:
    def with_seams(*args: Any, **kwargs: Any) -> Any:
        seam()
        found = step(*args, **kwargs)
        seam()
        return found

    return with_seams


@contextmanager
def seams() -> Iterator[None]:
    """Put a seam before and after every step, and inside scoring and clustering."""
    with pytest.MonkeyPatch.context() as patch:
        for place, name in (
            (story, "publish"),
            (story, "score_candidates"),
            (story, "relabel"),
            (story.labels, "lock"),
            (relabel_module, "cluster_by"),
        ):
            patch.setattr(place, name, _seamed(getattr(place, name)))
        yield


def seamed(judge: ActiveModel) -> ActiveModel:
    """Return the judge with a scorer that several actors may share."""
    return ActiveModel(judge.model, SeamedScorer(judge.scorer))  # type: ignore[arg-type]
