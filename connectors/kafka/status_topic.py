"""What the whole installation hears of a connector: its state, on Kafka."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue

from connectors.contract import ConnectorError
from connectors.kafka.publisher import Message, Publisher
from connectors.state_log import Say, State
from schemas import wire
from schemas.connector import ConnectorState, ConnectorStatus, LastError

_EVERY_S = 5.0
_LIFE = {state.value: state for state in ConnectorState}
_READING = (ConnectorState.SNAPSHOT, ConnectorState.STREAMING)
_COUNTS = ("rows", "of", "events", "rejects")


class StatusTopic:
    """Says on `couture.connectors` what is said of one connector, and how it fares.

    It never stops a capture: a broker that does not take a status is told the next.
    """

    def __init__(self, bootstrap: str, *, system: str, connector: str, say: Say):
        self._bootstrap = bootstrap
        self._say = say
        self._publisher: Publisher | None = None
        now = _now()
        self._known: dict[str, Any] = {
            "system": system,
            "connector": connector,
            "state": ConnectorState.STARTING,
            "since": now,
        }
        self._told_at = self._measured_at = time.monotonic()
        self._measured_rows = 0
        self._open = False
        self._failed = False

    def say(self, state: State, **details: Any) -> None:
        """Say it on standard error as ever, and keep what belongs into the status."""
        self._say(state, **details)
        # a table that changed is news, not an error
        if "problem" in details and state is not State.DRIFT:
            self._failed = state is State.RETRYING
            self._note_error(str(details["problem"]), str(details.get("remedy", "")))
        life = _LIFE.get(state.value)
        if life is not None:
            self._lives(life)
            self._known |= {name: details[name] for name in _COUNTS if name in details}
        self._send()

    def failed(self, error: ConnectorError) -> None:
        """Tell that a person is needed; standard error is told by the caller."""
        self._note_error(error.problem, error.remedy)
        self._lives(ConnectorState.FAILED)
        self._send()

    def _note_error(self, problem: str, remedy: str) -> None:
        self._known["last_error"] = LastError(
            problem=problem[:1_000], remedy=remedy[:1_000], at=_now()
        )

    def _lives(self, life: ConnectorState) -> None:
        """Go over to a state of life; an error that kept it from reading is over."""
        if life is not self._known["state"]:
            self._known |= {"state": life, "since": _now(), "of": None}
        if life not in _READING:
            self._known["lag_s"] = None  # nobody looks at the source
        elif self._failed:
            self._known["last_error"], self._failed = None, False

    def broker_is_there(self) -> None:
        """Speak from now on; before, a broker that is away would only cost time."""
        self._open = True
        self._send()

    def obeyed(self, command_id: str) -> None:
        """Tell which command was the last to take effect."""
        self._known["command_id"] = command_id
        self._send()

    def still_there(self) -> None:
        """Repeat the status every few seconds, so that silence means something."""
        if time.monotonic() - self._told_at >= _EVERY_S:
            self._send()

    def went_on(
        self,
        *,
        offset: dict[str, JsonValue] | None,
        lag_s: float | None,
        unmapped: Callable[[], dict[str, list[str]]],
        **counts: int,
    ) -> None:
        """Note a batch that is safe on Kafka; tell of it every few seconds."""
        self._known |= counts
        if offset is not None:
            self._known["offset"] = offset
        if lag_s is not None:
            self._known["lag_s"] = round(max(lag_s, 0.0), 3)
        if time.monotonic() - self._told_at >= _EVERY_S:
            self._known["unmapped"] = unmapped()
        self.still_there()

    def _send(self) -> None:
        self._measure()
        self._told_at = time.monotonic()
        if not self._open:
            return
        status = ConnectorStatus.model_validate({**self._known, "at": _now()})
        try:
            if self._publisher is None:
                self._publisher = Publisher(self._bootstrap)
            self._publisher.send([Message(*wire.encode_status(status))])
        except ConnectorError:
            # the capture itself meets the same broker, and says what is wrong
            self._let_go()

    def _measure(self) -> None:
        now = time.monotonic()
        if (spent := now - self._measured_at) < 1.0:
            return
        rows = int(self._known.get("rows", 0))
        rate = max(rows - self._measured_rows, 0) / spent
        self._known["rows_per_s"] = round(rate, 1)
        self._measured_at, self._measured_rows = now, rows

    def _let_go(self) -> None:
        if self._publisher is not None:
            with suppress(ConnectorError, Exception):
                self._publisher.close()
        self._publisher, self._open = None, False

    def close(self) -> None:
        """Let go of the broker."""
        self._let_go()


def _now() -> datetime:
    return datetime.now(UTC)
