"""The life of a connector: offset? changes : snapshot, again after every failure."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from connectors import broker
from connectors.contract import Config, Connector, RetryLater
from connectors.flow import Flow, Totals
from connectors.mapping import Mapping
from connectors.offsets import Offsets
from connectors.publisher import Publisher
from connectors.replays import Replays
from connectors.report import Say, State

_FIRST_PAUSE_S = 0.25


@dataclass(frozen=True, slots=True)
class Run:
    """One connector, its mapping, the broker it writes to, and who hears of it."""

    connector: Connector
    mapping: Mapping
    config: Config
    bootstrap: str
    name: str
    say: Say
    stop: threading.Event
    resnapshot: bool = False
    """Read everything anew once, whatever offset is stored."""


def run(run: Run, totals: Totals) -> None:
    """Capture until the source ends or someone says stop; raise what no retry mends.

    At the start patience is short, so that a wrong address is told at once; a source
    or a broker that was there and went away is waited for without end.
    """
    started, pause = time.monotonic(), _FIRST_PAUSE_S
    while not run.stop.is_set():
        before = totals.batches
        try:
            _attempt(run, totals)
            break
        except RetryLater as error:
            patient = time.monotonic() - started < run.config.patience
            if not totals.batches and not patient:
                raise
            if totals.batches > before:
                pause = _FIRST_PAUSE_S
            _wait(run, error, pause)
            pause *= 2
    run.say(
        State.STOPPED, rows=totals.rows, events=totals.events, rejects=totals.rejects
    )


def _attempt(run: Run, totals: Totals) -> None:
    run.say(State.STARTING, connector=run.connector.name)
    broker.create_topics(run.bootstrap, run.mapping.system)
    with (
        Offsets(run.bootstrap, name=run.name) as offsets,
        Publisher(run.bootstrap) as publisher,
        _replays(run),
    ):
        run.connector.check()
        anew = run.resnapshot and not totals.snapshots
        offset = run.connector.start_from(None if anew else offsets.read())
        flow = Flow(
            connector=run.connector,
            mapping=run.mapping,
            offsets=offsets,
            publisher=publisher,
            totals=totals,
            say=run.say,
            stop=run.stop,
        )
        flow.follow(offset)


def _replays(run: Run) -> AbstractContextManager[object]:
    # a load ends with its file, so nobody would be there to replay its rows
    if run.name != run.mapping.system:
        return nullcontext()
    return Replays(run.bootstrap, run.mapping, run.say)


def _wait(run: Run, error: RetryLater, pause: float) -> None:
    seconds = min(max(pause, error.after or 0), run.config.retry_ceiling)
    run.say(
        State.RETRYING,
        problem=error.problem,
        remedy=error.remedy,
        seconds=round(seconds, 2),
    )
    run.stop.wait(seconds)
