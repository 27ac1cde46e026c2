"""What a connector tells of itself, and what a person may tell it to do."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue

from schemas.text import FrozenModel, Identifier, System, Text, Time


class ConnectorState(StrEnum):
    """Where a connector is in its life."""

    STARTING = "starting"
    SNAPSHOT = "snapshot"
    STREAMING = "streaming"
    PAUSED = "paused"
    RETRYING = "retrying"
    STOPPED = "stopped"
    FAILED = "failed"


class LastError(FrozenModel):
    """What went wrong last, what to do about it, and when it was."""

    problem: Text
    remedy: Text
    at: Time


class ConnectorStatus(FrozenModel):
    """One connector as it was when it said so."""

    system: System
    connector: Identifier
    state: ConnectorState
    at: Time
    since: Annotated[Time, Field(description="when it came into this state")]
    rows: Annotated[int, Field(ge=0, description="read since it started")] = 0
    of: Annotated[
        int | None, Field(ge=0, description="rows of the snapshot, if it knows")
    ] = None
    events: Annotated[int, Field(ge=0)] = 0
    rejects: Annotated[int, Field(ge=0, description="rows set aside")] = 0
    rows_per_s: Annotated[float, Field(ge=0)] = 0.0
    lag_s: Annotated[
        float | None,
        Field(ge=0, description="from a commit in the source to its confirmed event"),
    ] = None
    offset: Annotated[
        dict[str, JsonValue] | None, Field(description="the last one stored")
    ] = None
    last_error: LastError | None = None
    unmapped: Annotated[
        dict[str, list[str]],
        Field(description="by table, columns no field uses; kept in the raw row"),
    ] = {}
    command_id: Annotated[
        Identifier | None, Field(description="the last command it obeyed")
    ] = None


class Action(StrEnum):
    """What a connector may be told."""

    PAUSE = "pause"
    RESUME = "resume"
    RESNAPSHOT = "resnapshot"
    REPLAY = "replay"


class ConnectorCommand(FrozenModel):
    """One thing a person tells a connector to do."""

    command_id: Identifier
    system: System
    action: Action
    after: Annotated[
        dict[str, JsonValue] | None, Field(description="for replay: read on after it")
    ] = None
    by: Annotated[Identifier, Field(description="the key or the account that asked")]
    at: Time

    @property
    def key(self) -> bytes:
        """Return the message's key: of each sort, the last one holds."""
        standing = self.action in (Action.PAUSE, Action.RESUME)
        return f"{self.system}/{'standing' if standing else 'reading'}".encode()
