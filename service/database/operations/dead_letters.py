"""Messages set aside, each with its reason and place; written once, then settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import orjson

from schemas import wire
from service.database.connection.session import Connection

UNMAPPABLE = "unmappable_row"
"""Reason of a row that its connector could not map; the detail says of what field."""


class State(StrEnum):
    """What became of a letter."""

    OPEN = "open"
    REPLAYED = "replayed"
    DISCARDED = "discarded"


class DeadLetter(NamedTuple):
    """A message that no retry can apply; `detail` names fields, never values."""

    topic: str
    topic_id: str
    partition: int
    offset: int
    reason: str
    detail: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


# A connector that reads its source again sets the same row aside again: it stands once,
# and is open again if it was replayed in vain.
_REPEATED = (
    "UPDATE dead_letter SET topic_id = %(topic_id)s, partition = %(partition)s,"
    ' "offset" = %(offset)s, detail = %(detail)s, state = CASE state'
    "   WHEN 'replayed' THEN 'open' ELSE state END"
    " WHERE topic = %(topic)s AND message_key = %(key)s AND message_value = %(value)s"
    '   AND (topic_id <> %(topic_id)s OR "offset" < %(offset)s)'
)
_STANDS = (
    "SELECT FROM dead_letter WHERE topic = %(topic)s AND message_key = %(key)s"
    " AND message_value = %(value)s"
)


def add(connection: Connection, letters: Sequence[DeadLetter]) -> None:
    """Store the letters, each once however often it is redelivered.

    The caller holds the labels' lock, so that nobody stores the same beside it.
    """
    letters = [one for one in letters if not _stands_already(connection, one)]
    if not letters:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            'INSERT INTO dead_letter (topic, topic_id, partition, "offset", reason,'
            "   detail, message_key, message_value, message_headers)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb)"
            " ON CONFLICT ON CONSTRAINT dead_letter_place DO NOTHING",
            [(*letter[:8], _headers(letter)) for letter in letters],
        )


def settle(
    connection: Connection, letter_id: int, state: State, *, by: str, because: str
) -> None:
    """Write what became of a letter, who decided so, and why."""
    connection.execute(
        "UPDATE dead_letter SET state = %s, settled_at = now(), settled_by = %s,"
        " settled_because = %s WHERE dead_letter_id = %s",
        [state, by, because, letter_id],
    )


def edit(connection: Connection, letter_id: int, value: bytes, *, by: str) -> None:
    """Keep another value to be replayed; the one that came stays beside it."""
    connection.execute(
        "UPDATE dead_letter SET edited_value = %s, settled_by = %s"
        " WHERE dead_letter_id = %s",
        [value, by, letter_id],
    )


def _stands_already(connection: Connection, letter: DeadLetter) -> bool:
    if letter.topic != wire.DEADLETTERS_TOPIC:
        return False
    values = letter._asdict()
    connection.execute(_REPEATED, values)
    return connection.execute(_STANDS, values).rowcount > 0


def _headers(letter: DeadLetter) -> str:
    pairs = {
        name[:200].replace("\x00", ""): (value or b"")[:1000]
        .decode("utf-8", "replace")
        .replace("\x00", "")
        for name, value in letter.headers
    }
    return orjson.dumps(pairs).decode()


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
