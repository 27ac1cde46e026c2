"""What stands in the dead letters, for those who settle them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from schemas import wire
from service.database.connection.session import Connection
from service.database.operations.dead_letters import State

_SYSTEM = (
    "coalesce(message_headers->>'system',"
    f" replace(topic, '{wire.SOURCE_TOPIC_PREFIX}', ''))"
)
_COLUMNS = (
    f"dead_letter_id, {_SYSTEM}, state, reason, detail, topic, partition,"
    ' "offset", message_key, set_aside_at, edited_value IS NOT NULL, settled_at,'
    " settled_by, settled_because"
)
_CHOSEN = (
    "(%(state)s::text IS NULL OR state = %(state)s)"
    " AND (%(reason)s::text IS NULL OR reason = %(reason)s)"
    f" AND (%(system)s::text IS NULL OR {_SYSTEM} = %(system)s)"
)


class Letter(NamedTuple):
    """A dead letter without its message, which holds personal data."""

    letter_id: int
    system: str
    state: State
    reason: str
    detail: str
    topic: str
    partition: int
    offset: int
    key: str | None
    set_aside_at: datetime
    edited: bool
    settled_at: datetime | None
    settled_by: str | None
    settled_because: str | None


class Content(NamedTuple):
    """A letter with the message that came and the one to be replayed instead."""

    letter: Letter
    value: bytes | None
    edited_value: bytes | None
    headers: Mapping[str, str]

    @property
    def current(self) -> bytes:
        """What a replay sends."""
        return self.edited_value or self.value or b""


class Choice(NamedTuple):
    """Which letters: each condition narrows them."""

    state: State | None = None
    reason: str | None = None
    system: str | None = None


def page(
    connection: Connection, choice: Choice, *, after: int | None = None, limit: int
) -> list[Letter]:
    """Return letters, the newest first, after a letter id."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM dead_letter WHERE {_CHOSEN}"
        " AND (%(after)s::bigint IS NULL OR dead_letter_id < %(after)s)"
        " ORDER BY dead_letter_id DESC LIMIT %(limit)s",
        {**choice._asdict(), "after": after, "limit": limit},
    )
    return [_letter(row) for row in rows]


def find(
    connection: Connection, letter_id: int, *, lock: bool = False
) -> Content | None:
    """Return a letter with its content; locked, nobody else settles it meanwhile."""
    row = connection.execute(
        f"SELECT {_COLUMNS}, message_value, edited_value, message_headers"
        " FROM dead_letter WHERE dead_letter_id = %s" + (" FOR UPDATE" if lock else ""),
        [letter_id],
    ).fetchone()
    return Content(_letter(row[:-3]), *row[-3:]) if row else None


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """Return how many letters are open, by system and reason."""
    rows = connection.execute(
        f"SELECT {_SYSTEM}, reason, count(*) FROM dead_letter WHERE state = 'open'"
        " GROUP BY 1, 2"
    )
    return {(system, reason): count for system, reason, count in rows}


def _letter(row: tuple[object, ...]) -> Letter:
    values = list(row)
    values[2] = State(str(values[2]))
    key = values[8]
    if isinstance(key, bytes):
        values[8] = key[:500].decode("utf-8", "replace").replace("\x00", "")
    return Letter(*values)  # type: ignore[arg-type]
