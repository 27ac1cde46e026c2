"""Messages set aside, each with its reason and place; written once, then settled."""

from __future__ import annotations

from collections.abc import Sequence
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
