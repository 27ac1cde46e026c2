"""The relay: publishes the outbox in order, at least once, one process at a time.

Webhooks are called from here too, by a thread of their own with its own connection.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError

from schemas import wire
from service.database.clusters import labels
from service.database.connection.schema_version import require_migrated
from service.database.connection.session import Connection, connect
from service.database.customers import (
    customers,
    handoffs,
)
from service.database.messages import (
    feed,
    outbox,
    webhooks,
)
from service.database.messages.outbox import Waiting
from service.database.requests import idempotency
from service.errors import BrokerUnavailable, DatabaseUnavailable
from service.relay.connector_states import ConnectorStates
from service.relay.overdue_replies import announce_overdue
from service.relay.republish import republish_if_lost
from service.relay.topics import create_outgoing_topics, create_source_topics
from service.relay.webhooks import deliver
from service.runtime.kafka import BOOTSTRAP_MS, broker_errors
from service.runtime.signals import stop_on_signals
from service.settings import Settings

log = structlog.get_logger()

_LIMIT = 1_000
_IDLE_S = 0.05
_LOOK_EVERY_S = 5.0
_TIDY_EVERY_S = 3_600.0
_ANOTHER_RELAY_S = 1.0
_LONGEST_PAUSE_S = 10.0
_SEND_WITHIN_S = 30
_TRY_AGAIN = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    KafkaError,
    BrokerUnavailable,
    DatabaseUnavailable,
)


def run(settings: Settings, *, stop: threading.Event | None = None) -> None:
    """Publish until told to stop; raise ServiceError if it cannot even start."""
    stop = stop or stop_on_signals()
    connection = _connect(settings)
    require_migrated(connection, settings.database_url)
    producer: KafkaProducer | None = _open(settings.kafka)
    pushing = _start_pushing(settings, stop)
    log.info("relay started")
    failures = 0
    unsure: list[Waiting] = []
    while not stop.is_set():
        try:
            if connection.closed:
                connection = _connect(settings)
            producer = producer or _open(settings.kafka)
            _tell_last_word(connection, unsure)
            _work(connection, producer, stop, bootstrap=settings.kafka, unsure=unsure)
            failures = 0
        except _TRY_AGAIN as error:
            failures += 1
            log.warning("relay failed, trying again", error=type(error).__name__)
            connection.close()  # gives the lock up: another relay may go on
            # a producer whose broker forgot it never recovers
            if producer:
                _give_up(producer)
            producer = None
            stop.wait(min(0.1 * 2**failures, _LONGEST_PAUSE_S))
    if producer:
        _give_up(producer)
    connection.close()
    pushing.join(_SEND_WITHIN_S)
    log.info("relay stopped")


def _start_pushing(settings: Settings, stop: threading.Event) -> threading.Thread:
    # a daemon, so that a receiver that never answers cannot keep the relay from ending
    pushing = threading.Thread(
        target=deliver.run,
        args=[settings],
        kwargs={"stop": stop},
        name="push",
        daemon=True,
    )
    pushing.start()
    return pushing


def _open(bootstrap: str) -> KafkaProducer:
    create_outgoing_topics(bootstrap)
    return _producer(bootstrap)


def _give_up(producer: KafkaProducer) -> None:
    """Close a producer, with what it could not send: the outbox still holds that."""
    # close() alone would leave its thread trying for ever
    producer._sender.force_close()
    with suppress(KafkaError):
        producer.close(timeout=2)


def _work(
    connection: Connection,
    producer: KafkaProducer,
    stop: threading.Event,
    *,
    bootstrap: str,
    unsure: list[Waiting],
) -> None:
    topics = _SourceTopics(bootstrap)
    while not stop.is_set() and not outbox.lock_relay(connection):
        stop.wait(_ANOTHER_RELAY_S)
    if not stop.is_set():
        republish_if_lost(connection, producer)
    looked = tidied = 0.0
    states = ConnectorStates(bootstrap)
    with closing(states):
        while not stop.is_set():
            if time.monotonic() - looked > _LOOK_EVERY_S:
                announce_overdue(connection, now=datetime.now(UTC))
                looked = time.monotonic()
            if time.monotonic() - tidied > _TIDY_EVERY_S:
                _forget_old(connection)
                tidied = time.monotonic()
            states.take(connection)
            sent = relay_once(
                connection, producer, prepare=topics.create, unsure=unsure
            )
            if not sent:
                stop.wait(_IDLE_S)


def _forget_old(connection: Connection) -> None:
    idempotency.forget_old(connection)
    feed.forget_old(connection)
    webhooks.forget_old(connection)
    handoffs.forget_expired(connection)


def _tell_last_word(connection: Connection, unsure: list[Waiting]) -> None:
    """Tell again of customers of whom an older word may stand last on the topic.

    A relay that was frozen while it sent may finish after another took over and told
    something newer: then the compacted topic would keep the older golden record.
    """
    keys = {one.key for one in unsure if one.topic == wire.CUSTOMERS_TOPIC}
    if keys:
        with connection.transaction():
            labels.lock(connection)
            customers.tell_again(connection, {UUID(key.decode()) for key in keys})
    unsure.clear()


class _SourceTopics:
    """Creates the topics of systems that push through the API, once each."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._known: set[str] = set()

    def create(self, topics: Iterable[str]) -> None:
        """Create those of the topics that are a system's and not yet known."""
        ours = {name for name in topics if name.startswith(wire.SOURCE_TOPIC_PREFIX)}
        if missing := ours - self._known:
            create_source_topics(self._bootstrap, missing)
            self._known |= missing


def relay_once(
    connection: Connection,
    producer: KafkaProducer,
    *,
    prepare: Callable[[Iterable[str]], None] | None = None,
    unsure: list[Waiting] | None = None,
) -> int:
    """Publish the messages that waited longest; return how many.

    They leave the outbox after the broker has acknowledged all of them: a crash in
    between sends them again, with the same event ids. After an error `unsure` holds
    those that may or may not have been published.
    """
    unsure = [] if unsure is None else unsure
    waiting = outbox.take(connection, limit=_LIMIT)
    if prepare and waiting:
        prepare({message.topic for message in waiting})
    unsure[:] = waiting
    sent = [_send(producer, message) for message in waiting]
    for future in sent:
        future.get(timeout=_SEND_WITHIN_S)
    if waiting:
        outbox.remove(connection, [message.seq for message in waiting])
    unsure.clear()
    return len(waiting)


def _send(producer: KafkaProducer, message: Waiting) -> Any:
    return producer.send(
        message.topic,
        key=message.key,
        value=message.value,
        headers=[(name, value.encode()) for name, value in message.headers.items()],
    )


def _producer(bootstrap: str) -> KafkaProducer:
    with broker_errors(bootstrap):
        return KafkaProducer(
            bootstrap_servers=bootstrap.split(","),
            bootstrap_timeout_ms=BOOTSTRAP_MS,
            acks="all",
            linger_ms=2,
            max_request_size=2 * 1024 * 1024,
            client_id=f"couture-relay-{uuid.uuid4().hex[:8]}",
        )


def _connect(settings: Settings) -> Connection:
    # The lock is the session's, and a frozen relay keeps its session: PostgreSQL ends
    # one that asks nothing for so long, and another relay goes on.
    return connect(
        settings.database_url,
        name="couture-relay",
        autocommit=True,
        options=f"-c idle_session_timeout={settings.frozen_after_s}s",
    )
