"""Put change events on Kafka, and know that each of them is there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from kafka import KafkaProducer

from connectors.contract import LogLost, Row
from connectors.kafka.broker import broker_errors, servers
from connectors.mapping.rows_to_events import Reject
from schemas import wire
from schemas.change_event import ChangeEvent

_TIMEOUT_S = 30.0
_OPTIONS = {
    "acks": "all",
    "enable_idempotence": True,
    "linger_ms": 2,
    "batch_size": 131_072,
    "max_block_ms": 10_000,
    "request_timeout_ms": 10_000,
    "delivery_timeout_ms": 20_000,
    "bootstrap_timeout_ms": 10_000,
    "max_request_size": wire.LARGEST_MESSAGE + 65_536,
}


@dataclass(frozen=True, slots=True)
class Message:
    """What stands on Kafka, before it does."""

    topic: str
    key: bytes
    value: bytes | None
    headers: wire.Headers


@dataclass(slots=True)
class Published:
    """How many events and rejects were confirmed."""

    events: int = 0
    rejects: int = 0
    reasons: set[str] = field(default_factory=set)


class Publisher:
    """A producer that returns only when the broker has confirmed all it was given."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self.ends: dict[str, int] = {}
        """The last confirmed offset of each topic and partition (`topic:0`)."""
        with broker_errors(bootstrap):
            self._producer = KafkaProducer(**servers(bootstrap), **_OPTIONS)

    def publish(self, outcomes: Iterable[ChangeEvent | Reject]) -> Published:
        """Publish and confirm; raise RetryLater, or LogLost if the broker forgot."""
        published = Published()
        messages = [message_of(outcome, published) for outcome in outcomes]
        self.send(messages)
        return published

    def send(self, messages: Iterable[Message]) -> None:
        """Send messages and wait until the broker has confirmed every one."""
        with broker_errors(self._bootstrap):
            futures = [
                self._producer.send(
                    one.topic, key=one.key, value=one.value, headers=one.headers
                )
                for one in messages
            ]
            if not futures:
                return
            self._producer.flush(timeout=_TIMEOUT_S)
            for future in futures:
                self._confirm(future.get(timeout=_TIMEOUT_S))

    def _confirm(self, place: Any) -> None:
        if place.offset < 0:
            return  # confirmed by an earlier attempt, whose answer was lost
        name = f"{place.topic}:{place.partition}"
        if place.offset <= self.ends.get(name, -1):
            raise LogLost(
                f"The broker lost what it had confirmed on {place.topic}.",
                remedy="The source is read again; nothing to do.",
            )
        self.ends[name] = place.offset

    def close(self) -> None:
        """Let go of the broker; everything confirmed stays confirmed."""
        self._producer.close(timeout=5)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def message_of(outcome: ChangeEvent | Reject, published: Published) -> Message:
    """Return the message of an event, or of a row set aside; count it."""
    if not isinstance(outcome, Reject):
        key, value, headers = wire.encode(outcome)
        if len(value) <= wire.LARGEST_MESSAGE:
            published.events += 1
            return Message(wire.source_topic(outcome.key.system), key, value, headers)
        outcome = _too_large(outcome, len(value))
    published.rejects += 1
    published.reasons.add(outcome.reason)
    return _dead_letter(outcome)


def _too_large(event: ChangeEvent, size: int) -> Reject:
    row = Row(
        table=event.source.table,
        op=event.op,
        payload=dict(event.raw or {}),
        position=event.position,
    )
    reason = f"{event.kind}.message: {size} bytes, the limit is {wire.LARGEST_MESSAGE}"
    return Reject(reason, event.key.system, row)


def _dead_letter(reject: Reject) -> Message:
    row = reject.row
    value = json.dumps(row.payload, default=str).encode()
    position = ".".join(str(part) for part in row.position or ())
    headers = {
        "schema": wire.REJECT_SCHEMA,
        "reason": reject.reason,
        "system": reject.system,
        "table": row.table,
        "op": row.op,
        "position": position,
    }
    if len(value) > wire.LARGEST_MESSAGE - 10_000:
        headers["truncated"] = str(len(value))
        value = value[: wire.LARGEST_MESSAGE - 10_000]
    return Message(
        wire.DEADLETTERS_TOPIC,
        f"{reject.system}/{row.table}/{position}".encode(),
        value,
        [(name, text.encode()) for name, text in headers.items()],
    )
