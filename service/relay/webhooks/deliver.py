"""Deliver the feed to every webhook: each in order, none waiting for another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import NamedTuple
from uuid import UUID

import httpx
import orjson
import psycopg
import structlog

from service.database.connection.session import Connection, connect
from service.database.messages import feed, webhooks
from service.database.messages.feed import Place
from service.database.messages.webhooks import Attempt, Due
from service.errors import DatabaseUnavailable
from service.logging import told
from service.relay.webhooks.retry_policy import after_failure
from service.relay.webhooks.signed_request import Call, DeliveryResult, send
from service.settings import Settings

log = structlog.get_logger()

AT_ONCE = 8
_EVENTS = 50
_LOOK_EVERY_S = 0.2
_AWAY_S = 2.0


class _Delivered(NamedTuple):
    """What came of one round of calls: a failure ends it."""

    attempts: list[Attempt]
    seq: int | None
    failure: DeliveryResult | None


def run(settings: Settings, *, stop: threading.Event) -> None:
    """Deliver until told to stop; a database that is away is waited for.

    One process calls at a time. A crash between a call and its note repeats the call,
    with the same `webhook-id`.
    """
    while not stop.is_set():
        try:
            with _connect(settings) as opened:
                _work(opened, stop, inside=settings.webhooks_inside)
        except (psycopg.Error, DatabaseUnavailable) as error:
            log.warning("pushing failed, trying again", error=type(error).__name__)
        except Exception as error:
            log.error("pushing failed, trying again", **told(error))
        stop.wait(_AWAY_S)


def _connect(settings: Settings) -> Connection:
    # The lock is the session's: a frozen process must not keep it from another.
    return connect(
        settings.database_url,
        name="couture-push",
        autocommit=True,
        options=f"-c idle_session_timeout={settings.frozen_after_s}s",
    )


def _work(connection: Connection, stop: threading.Event, *, inside: bool) -> None:
    while not webhooks.lock(connection):
        if stop.wait(_AWAY_S):
            return
    with httpx.Client(trust_env=False) as client, ThreadPoolExecutor(AT_ONCE) as pool:
        calling: dict[UUID, tuple[Due, Future[_Delivered]]] = {}
        while not stop.is_set():
            for one in webhooks.due(connection):
                if one.webhook_id not in calling and len(calling) < AT_ONCE:
                    events = _events(connection, one)
                    send_one = partial(send, client, inside=inside)
                    work = pool.submit(_deliver, send_one, one, events, stop)
                    calling[one.webhook_id] = one, work
            for one, work in [pair for pair in calling.values() if pair[1].done()]:
                del calling[one.webhook_id]
                _note(connection, one, work.result())
            stop.wait(_LOOK_EVERY_S)


_Events = list[tuple[int, str, bytes]]


def _events(connection: Connection, one: Due) -> _Events:
    place = Place(one.seq, feed.end(connection).at)
    found = feed.after(connection, place, types=one.types, limit=_EVENTS).events
    return [(at.seq, event["id"], orjson.dumps(event)) for at, event in found]


def _deliver(
    call_out: Callable[[Call], DeliveryResult],
    one: Due,
    events: _Events,
    stop: threading.Event,
) -> _Delivered:
    """Call for one event after the other, until one is not taken."""
    attempts: list[Attempt] = []
    taken: int | None = None
    for place, (seq, event_id, body) in enumerate(events):
        if stop.is_set():
            break
        call = Call(one.url, one.secret, event_id, body)
        answered = call_out(call)
        number = one.failures + 1 if place == 0 else 1
        attempts.append(
            Attempt(event_id, number, answered.status, answered.error, answered.ms)
        )
        if not answered.taken:
            return _Delivered(attempts, taken, answered)
        taken = seq
    return _Delivered(attempts, taken, None)


def _note(connection: Connection, one: Due, done: _Delivered) -> None:
    with connection.transaction():
        webhooks.log_attempts(connection, one.webhook_id, done.attempts)
        if done.seq is not None:
            webhooks.taken(connection, one.webhook_id, seq=done.seq)
        if done.failure is not None:
            since_taken = done.seq is None
            then = after_failure(
                done.failure,
                failures=one.failures + 1 if since_taken else 1,
                failing=one.failing,
            )
            webhooks.failed(connection, one.webhook_id, **then._asdict())
            log.warning(
                "a webhook was not taken",
                webhook_id=str(one.webhook_id),
                status=done.failure.status,
                error=done.failure.error,
                stopped=then.stopped_because is not None,
            )
