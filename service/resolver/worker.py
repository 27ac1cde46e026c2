"""The resolver process: poll, resolve, and go on after whatever fails."""

from __future__ import annotations

import threading
import time

import structlog

from matching.model.model_version import Model
from matching.scoring.scorer import Scorer
from service.database.clusters import model_versions
from service.database.connection.schema_version import require_migrated
from service.database.connection.session import Connection, connect
from service.database.sources import dirty
from service.resolver import metrics
from service.resolver.consumer import SourceConsumer
from service.resolver.micro_batch import Batch, Message, decode, to_dead_letter
from service.resolver.resolve import ActiveModel, resolve
from service.resolver.sole_consumer import SoleConsumer
from service.resolver.sweep import sweep
from service.resolver.transient_errors import is_outage
from service.runtime.signals import stop_on_signals
from service.settings import Settings

log = structlog.get_logger()

_TIDY_EVERY_S = 5.0
_SWEEP_EVERY_S = 1.0
_LONGEST_PAUSE_S = 10.0


def run(settings: Settings, *, stop: threading.Event | None = None) -> None:
    """Resolve until told to stop; raise ServiceError if it cannot even start."""
    stop = stop or stop_on_signals()
    metrics.serve(settings.metrics)
    connection = _connect(settings)
    require_migrated(connection, settings.database_url)
    consumer = SoleConsumer if settings.sole_resolver else SourceConsumer
    stream = consumer(
        settings.kafka,
        consumer=settings.consumer,
        session_s=settings.session_timeout_s,
        fetch_wait_ms=settings.fetch_wait_ms,
    )
    judge = load_judge(connection)
    log.info("resolver started", model=judge.model.digest[:12])
    worker = Worker(settings, judge, connection, stream)
    try:
        worker.work(stop)
    finally:
        stream.close()
        worker.connection.close()
    log.info("resolver stopped")


def load_judge(connection: Connection) -> ActiveModel:
    """Return the active model with its scorer; the shipped one if none is active."""
    model = model_versions.active(connection)
    if model is None:
        model = Model.load()
        model_versions.activate(connection, model)
    return ActiveModel(model, Scorer(model))


def current_judge(connection: Connection, judge: ActiveModel) -> ActiveModel:
    """Return this judge, or the promoted model's if another decides now."""
    if model_versions.active_digest(connection) in (None, judge.model.digest):
        return judge
    promoted = load_judge(connection)
    log.info("model loaded", model=promoted.model.digest[:12])
    return promoted


class Worker:
    """One resolver: a connection, a stream, and what to do when either fails."""

    def __init__(
        self,
        settings: Settings,
        judge: ActiveModel,
        connection: Connection,
        stream: SourceConsumer,
    ) -> None:
        self._settings = settings
        self._judge = judge
        self.connection = connection
        self._stream = stream
        self._tidied = 0.0
        self._swept = 0.0

    def work(self, stop: threading.Event) -> None:
        """Take micro-batches until told to stop; a failure pauses, longer each time."""
        failures = 0
        while not stop.is_set():
            try:
                self._step()
                failures = 0
            except Exception as error:
                if not is_outage(error):
                    raise
                failures += 1
                metrics.count_retry(error)
                log.warning("batch failed, trying again", error=type(error).__name__)
                stop.wait(min(0.05 * 2**failures, _LONGEST_PAUSE_S))
                self._recover()

    def _step(self) -> None:
        messages = self._stream.poll(self.connection, limit=self._settings.batch_size)
        if messages:
            self._resolve(messages)
        elif self._tidy_is_due() or dirty.waits_for_relabel(self.connection):
            # a decision takes effect here, and what a dead worker left is finished
            self._apply(Batch([], [], []))
            self._tidied = time.monotonic()
        if time.monotonic() - self._swept > _SWEEP_EVERY_S:
            sweep(self.connection, self._apply, consumer=self._settings.consumer)
            self._swept = time.monotonic()

    def _tidy_is_due(self) -> bool:
        return time.monotonic() - self._tidied > _TIDY_EVERY_S

    def _resolve(self, messages: list[Message]) -> None:
        try:
            self._apply(decode(messages, expected=self._stream.expected))
        except Exception as error:
            if is_outage(error):
                raise
            # A message that decodes and yet cannot be applied must not stop the
            # others: each is tried alone, and the bad one is set aside.
            log.error("batch cannot be applied", error=type(error).__name__)
            for message in messages:
                self._resolve_alone(message)

    def _resolve_alone(self, message: Message) -> None:
        batch = decode([message], expected=self._stream.expected)
        try:
            self._apply(batch)
        except Exception as error:
            if is_outage(error):
                raise
            name = type(error).__name__
            log.error("message set aside", offset=message.offset, error=name)
            letter = to_dead_letter(
                message, "cannot_apply", f"applying it raised {name}"
            )
            self._apply(Batch([], [letter], batch.advances))

    def _apply(self, batch: Batch) -> None:
        started = time.monotonic()
        changed = resolve(
            self.connection,
            batch,
            judge=self._judge,
            consumer=self._settings.consumer,
        )
        self._stream.advanced(batch.advances)
        metrics.count_events(len(batch.events))
        metrics.set_lag(self._stream.lag())
        if batch.events or batch.dead_letters:
            log.info(
                "batch resolved",
                events=len(batch.events),
                dead_letters=len(batch.dead_letters),
                customers=changed,
                ms=round((time.monotonic() - started) * 1000),
            )

    def _recover(self) -> None:
        """Come back to where a step can be taken, or leave it for the next try."""
        try:
            if self.connection.closed or self.connection.broken:
                self.connection = _connect(self._settings)
            self._stream.place(self.connection)
            self._judge = current_judge(self.connection, self._judge)
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("not yet recovered", error=type(error).__name__)


def _connect(settings: Settings) -> Connection:
    return connect(
        settings.database_url,
        name="couture-resolver",
        autocommit=True,
        # a frozen resolver must not keep the lock on clusters from the others
        options=f"-c idle_in_transaction_session_timeout={settings.frozen_after_s}s",
    )
