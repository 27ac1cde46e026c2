"""Connectors as people see and command them; Kafka lies between, and the outbox."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from schemas import wire
from schemas.connector import Action, ConnectorCommand, ConnectorState, ConnectorStatus
from schemas.text import FrozenModel
from service.database.connection.session import Connection
from service.database.messages import outbox
from service.database.operations import connector_states
from service.database.operations.connector_states import Told
from service.errors import ServiceError

SILENT_AFTER_S = 60.0
"""A connector speaks every 5 s, and at least every 30 s while it waits for a source."""

_AT_REST = (ConnectorState.STOPPED, ConnectorState.FAILED)


class UnknownConnector(ServiceError):
    """No connector of this system ever spoke."""

    remedy = "List those that did with `couture connectors`."


class CommandRefused(ServiceError):
    """A command that no connector could obey."""


class ConnectorView(FrozenModel):
    """A connector's last status, with what a reader would have to work out."""

    status: ConnectorStatus
    age_s: float = Field(description="seconds since it said so")
    silent: bool = Field(description="it should have spoken again, and did not")
    shown: str = Field(description="its state in words: snapshot 37 % of 120,000, …")


def view(told: Told) -> ConnectorView:
    """Return what a person is shown of a connector."""
    status = told.status
    silent = told.age_s > SILENT_AFTER_S and status.state not in _AT_REST
    return ConnectorView(
        status=status,
        age_s=round(told.age_s, 1),
        silent=silent,
        shown=_shown(told, silent=silent),
    )


def views(connection: Connection) -> list[ConnectorView]:
    """Return every connector that ever spoke, by system."""
    return [view(one) for one in connector_states.every(connection)]


def command(
    connection: Connection,
    system: str,
    action: Action,
    *,
    by: str,
    after: Mapping[str, Any] | None = None,
) -> ConnectorCommand:
    """Tell a connector what to do, through the outbox; it obeys within seconds.

    One that does not run obeys when it starts. Raise UnknownConnector, or
    CommandRefused for a replay without an offset, or an offset without a replay.
    """
    told = connector_states.find(connection, system)
    if told is None:
        raise UnknownConnector(f"No connector of {system} ever spoke.")
    _check_offset(action, after)
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    now: datetime = row[0]
    made = ConnectorCommand(
        command_id=secrets.token_hex(8),
        system=system,
        action=action,
        after=dict(after) if after is not None else None,
        by=by,
        at=now,
    )
    value = made.model_dump_json(exclude_none=True).encode()
    headers = {"schema": wire.COMMAND_SCHEMA}
    message = outbox.Message(wire.COMMANDS_TOPIC, made.key, value, headers)
    outbox.append(connection, [message])
    return made


def _check_offset(action: Action, after: Mapping[str, Any] | None) -> None:
    if action is Action.REPLAY and not after:
        raise CommandRefused(
            "A replay needs the offset to read on after.",
            remedy="Give one that `couture connectors --json` has shown.",
        )
    if action is not Action.REPLAY and after is not None:
        raise CommandRefused(
            f"An offset says nothing to {action}.", remedy="Leave it out, or replay."
        )


def _left(status: ConnectorStatus) -> str:
    """Return in words how long a snapshot takes from here, if its rate tells."""
    rows = (status.of or 0) - status.rows
    if rows <= 0 or not status.rows_per_s:
        return ""
    seconds = rows / status.rows_per_s
    for size, unit in ((3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f", about {seconds / size:.0f} {unit} left"
    return f", about {seconds:.0f} s left"


def _shown(told: Told, *, silent: bool) -> str:
    status = told.status
    words = str(status.state)
    if status.state is ConnectorState.SNAPSHOT and status.of:
        share = min(100, 100 * status.rows // status.of)
        words = f"snapshot {share} % of {status.of:,}{_left(status)}"
    elif status.state is ConnectorState.SNAPSHOT:
        words = f"snapshot, {status.rows:,} rows"
    return f"silent for {told.age_s:.0f} s (was {words})" if silent else words
