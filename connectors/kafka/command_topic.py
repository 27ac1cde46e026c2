"""What people tell a connector: pause, resume, read anew, replay from an offset."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition

from connectors.kafka.broker import broker_errors, servers
from schemas import wire
from schemas.connector import Action, ConnectorCommand

_PLACE = TopicPartition(wire.COMMANDS_TOPIC, 0)
_LOOK_EVERY_S = 0.5
_JOIN_MS = 200


class Commands:
    """The commands of one system on `couture.connector-commands`, the last of each
    sort: whether it is paused, and how it is to read."""

    def __init__(self, bootstrap: str, *, system: str) -> None:
        self._bootstrap = bootstrap
        self._system = system
        self._looked = 0.0
        self._next = 0
        self._standing: ConnectorCommand | None = None
        self._reading: ConnectorCommand | None = None
        self._done: str | None = None
        with broker_errors(bootstrap):
            self._consumer = KafkaConsumer(
                **servers(bootstrap),
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                bootstrap_timeout_ms=10_000,
                request_timeout_ms=10_000,
                fetch_max_wait_ms=10,
            )
            self._consumer.assign([_PLACE])
            self._consumer.seek_to_beginning(_PLACE)

    def catch_up(self, *, done: str | None) -> None:
        """Read all that was said so far; `done` is the reading command last obeyed."""
        self._done = done
        with broker_errors(self._bootstrap):
            while self._take(timeout_ms=_JOIN_MS):
                pass

    def look(self) -> bool:
        """Return whether a command waits, asking the broker every half second."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_EVERY_S:
            self._looked = now
            with broker_errors(self._bootstrap):
                self._take(timeout_ms=0)
        return self.paused or self.reading is not None

    @property
    def paused(self) -> bool:
        """Whether the last word was to pause."""
        return self._standing is not None and self._standing.action is Action.PAUSE

    @property
    def standing_id(self) -> str | None:
        """The last pause or resume."""
        return self._standing.command_id if self._standing else None

    @property
    def reading(self) -> ConnectorCommand | None:
        """The command to read anew or to replay that was not obeyed yet."""
        found = self._reading
        return found if found and found.command_id != self._done else None

    def obeyed(self, command: ConnectorCommand) -> None:
        """Remember that a reading command took effect."""
        self._done = command.command_id

    def _take(self, *, timeout_ms: int) -> int:
        self._begin_again_if_forgotten()
        polled: list[Any] = self._consumer.poll(timeout_ms=timeout_ms).get(_PLACE, [])
        for message in polled:
            self._next = message.offset + 1
            self._note(message)
        return len(polled)

    def _begin_again_if_forgotten(self) -> None:
        # A broker that came back empty answers nothing beyond its end.
        end = self._consumer.highwater(_PLACE)
        if end is not None and end < self._next:
            self._consumer.seek_to_beginning(_PLACE)
            self._next = 0

    def _note(self, message: Any) -> None:
        try:
            command = wire.decode_command(message.value, message.headers)
        except wire.MalformedMessage:
            return  # only Couture writes here: a command of a later version
        if command.system != self._system:
            return
        if command.action in (Action.PAUSE, Action.RESUME):
            self._standing = command
        else:
            self._reading = command

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
