"""Rows that an operator sends again from the dead letters: mapped anew, published."""

from __future__ import annotations

import json
import threading
from types import TracebackType
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition

from connectors.contract import RetryLater, Row
from connectors.kafka.broker import broker_errors, servers
from connectors.kafka.publisher import Publisher
from connectors.mapping.rows_to_events import Mapping, Reject
from connectors.state_log import Say, State
from schemas import wire
from schemas.change_event import Op

_PLACE = TopicPartition(wire.REPLAYS_TOPIC, 0)
_LOOK_MS = 250
_PAUSE_S = 5.0
_AT_ONCE = 100


class Replays:
    """Watches `couture.replays` beside a running capture, as long as the block lasts.

    What comes of a row is published before its place is committed, so a crash repeats
    it, which changes nothing: it keeps the position that it had in the source.
    """

    def __init__(self, bootstrap: str, mapping: Mapping, say: Say) -> None:
        self._bootstrap = bootstrap
        self._mapping = mapping
        self._say = say
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                with broker_errors(self._bootstrap):
                    self._follow()
            except RetryLater:  # the capture itself tells of a broker that is away
                self._stop.wait(_PAUSE_S)

    def _follow(self) -> None:
        consumer = _consumer(self._bootstrap, self._mapping.system)
        try:
            while not self._stop.is_set():
                polled = consumer.poll(timeout_ms=_LOOK_MS, max_records=_AT_ONCE)
                messages = [one for found in polled.values() for one in found]
                if messages:
                    self._publish(messages)
                    consumer.commit()
        finally:
            consumer.close()

    def _publish(self, messages: list[Any]) -> None:
        system = self._mapping.system.encode()
        rows = [row for one in messages if one.key == system for row in rows_of(one)]
        outcomes = [found for row in rows for found in self._outcomes(row)]
        if not outcomes:
            return
        with Publisher(self._bootstrap) as publisher:
            published = publisher.publish(outcomes)
        self._say(
            State.REPLAYED,
            rows=len(rows),
            events=published.events,
            rejects=published.rejects,
            reasons=sorted(published.reasons)[:10],
        )

    def _outcomes(self, row: Row) -> list[Any]:
        if row.table not in self._mapping.tables:
            reason = f"row: the mapping has no table {row.table} any more"
            return [Reject(reason, self._mapping.system, row)]
        return list(self._mapping.events(row))


def rows_of(message: Any) -> list[Row]:
    """Return the row that a message of `couture.replays` holds; none if it is none."""
    headers = {name: (value or b"").decode() for name, value in message.headers}
    place = headers.get("position", "")
    try:
        payload = json.loads(message.value)
        position = tuple(int(part) for part in place.split(".")) if place else None
        op = Op(headers.get("op") or Op.UPDATE)
    except ValueError:
        return []
    if not isinstance(payload, dict):
        return []
    return [Row(headers.get("table", ""), op, payload, position)]


def _consumer(bootstrap: str, system: str) -> KafkaConsumer:
    consumer = KafkaConsumer(
        **servers(bootstrap),
        group_id=f"couture-replays-{system}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        bootstrap_timeout_ms=10_000,
        fetch_max_wait_ms=500,
    )
    consumer.assign([_PLACE])  # no group to join: one connector reads a system
    return consumer
