"""The life of a connector: offset? changes : snapshot, again after every failure."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from connectors.apply_commands import apply_commands
from connectors.capture import Capture, Totals
from connectors.contract import Config, Connector, ConnectorError, RetryLater
from connectors.kafka import broker
from connectors.kafka.command_topic import Commands
from connectors.kafka.dead_letter_replays import Replays
from connectors.kafka.offsets import Offsets
from connectors.kafka.publisher import Publisher
from connectors.kafka.status_topic import StatusTopic
from connectors.mapping.rows_to_events import Mapping
from connectors.state_log import Say, State

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
    status: StatusTopic | None = None
    """Where all hear of it, and people command it; a load has neither."""


def run(run: Run, totals: Totals) -> None:
    """Capture until the source ends or someone says stop; tell what no retry mends,
    and raise it."""
    try:
        _live(run, totals)
    except ConnectorError as error:
        if run.status is not None:
            run.status.failed(error)
        raise
    finally:
        if run.status is not None:
            run.status.close()


def _live(run: Run, totals: Totals) -> None:
    """Capture until the source ends or someone says stop; raise what no retry mends.

    At the start patience is short, so that a wrong address is told at once; a source
    or a broker that was there and went away is waited for without end.
    """
    started, pause = time.monotonic(), _FIRST_PAUSE_S
    while not run.stop.is_set():
        before = totals.batches
        try:
            if _attempt(run, totals):
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


def _attempt(run: Run, totals: Totals) -> bool:
    """Capture until the end, and return True; False if a command came between."""
    run.say(State.STARTING, connector=run.connector.name)
    broker.create_topics(run.bootstrap, run.mapping.system)
    with (
        Offsets(run.bootstrap, name=run.name) as offsets,
        Publisher(run.bootstrap) as publisher,
        _replays(run),
        _commands(run) as commands,
    ):
        if run.status is not None:
            run.status.broker_is_there()
        if commands is not None and not apply_commands(
            run, commands, offsets, publisher
        ):
            return True
        run.connector.check()
        anew = run.resnapshot and not totals.snapshots
        offset = run.connector.start_from(None if anew else offsets.read())
        flow = Capture(
            connector=run.connector,
            mapping=run.mapping,
            offsets=offsets,
            publisher=publisher,
            totals=totals,
            say=run.say,
            stop=run.stop,
            status=run.status,
            commands=commands,
        )
        flow.follow(offset)
        return commands is None or run.stop.is_set() or not commands.look()


def _commands(run: Run) -> AbstractContextManager[Commands | None]:
    if run.status is None:
        return nullcontext()
    return Commands(run.bootstrap, system=run.mapping.system)


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
