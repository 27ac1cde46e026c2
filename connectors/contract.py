"""What a connector is: how it is configured, checked, and read from; how it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from schemas.change_event import Op
from schemas.text import System

Offset = Mapping[str, JsonValue]
"""Where to go on reading; only its own connector understands it."""

Payload = dict[str, Any]
"""A row as the source gave it: names and JSON values."""


class ConnectorError(Exception):
    """What went wrong in one sentence, and what a person can do about it."""

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


class RetryLater(ConnectorError):
    """The source or the broker may answer later; `after` is its wish in seconds."""

    def __init__(
        self, problem: str, *, remedy: str, after: float | None = None
    ) -> None:
        super().__init__(problem, remedy=remedy)
        self.after = after


class LogLost(RetryLater):
    """The broker no longer has what it confirmed: the source must be read again."""


class StopSource(ConnectorError):
    """This source needs a person first; retrying cannot help."""


class StopEverything(ConnectorError):
    """The installation itself is at fault: no connector can run."""


class Config(BaseModel):
    """What every connector is told; unknown settings are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: str
    system: System
    patience: float = Field(
        default=10, ge=0, description="seconds to wait at start for what is not there"
    )
    retry_ceiling: float = Field(
        default=30, gt=0, description="most seconds between two attempts"
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a source as it became: for a delete, the columns of its key, and more
    where the source tells them.

    `before` is the row as it was, as far as the source tells. A `problem` says why the
    source itself could not read it; it is then set aside.
    """

    table: str
    op: Op
    payload: Payload = field(repr=False)
    position: tuple[int, ...] | None = None
    ts_ms: int | None = None
    snapshot: bool = False
    problem: str | None = None
    before: Payload | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Note:
    """What a person should know of a source that goes on, such as a drift."""

    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows read together and the offset after them; without rows, a sign of life.

    With a batch that is `whole` everything the source holds has been read since the
    snapshot began, so that what was not met is gone; `read_at` is the position of that
    snapshot, where the source has one for all its rows. A source that has not answered
    yet is not `connected`; one that is asked again where reading stands is `retrying`.
    """

    rows: Sequence[Row] = ()
    offset: Offset | None = None
    snapshot: bool = False
    total: int | None = None
    whole: bool = False
    read_at: tuple[int, ...] | None = None
    notes: Sequence[Note] = ()
    connected: bool = True
    retrying: RetryLater | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table or resource a source offers."""

    name: str
    columns: tuple[str, ...] = ()
    rows: int | None = None


class Connector(Protocol):
    """A source of rows. The runner asks for the next batch only when the last one is
    published and its offset stored: asking again is the acknowledgement."""

    @property
    def name(self) -> str:
        """The kind of connector, as change events name it."""

    def check(self) -> None:
        """Raise what stands in the way of a capture; change nothing."""

    def start_from(self, offset: Offset | None) -> Offset | None:
        """Return the offset if reading can go on from it, None if only a snapshot
        leaves no gap; make the source ready for it."""

    def remove(self) -> list[str]:
        """Let go of what the source keeps for us; return in sentences what it was."""

    def discover(self) -> list[Table]:
        """Return what the source offers."""

    def snapshot(self) -> Iterator[Batch]:
        """Read everything the source holds now; a batch that is `whole` ends it."""

    def changes(self, after: Offset) -> Iterator[Batch]:
        """Read what changed after an offset, with a batch at least every few seconds;
        end only when nothing can ever follow."""


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """What a mapping file asks of a source: its tables, of each the columns of which it
    needs one of each set, and those sets that make the ids of its records.

    `bootstrap` is the broker, for a source that keeps something there.
    """

    needs: Mapping[str, Sequence[frozenset[str]]]
    ids: Mapping[str, Sequence[frozenset[str]]]
    bootstrap: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of connector: its name in change events, its settings, how it is made."""

    name: str
    config: type[Config]
    connector: Callable[[Any, CaptureRequest], Connector]
