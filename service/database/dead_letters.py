"""Messages set aside, each with its reason and place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from service.database.session import Connection


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


def add(connection: Connection, letters: Sequence[DeadLetter]) -> None:
    """Store the letters, each once however often it is redelivered."""
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


def _headers(letter: DeadLetter) -> str:
    pairs = {
        name[:200].replace("\x00", ""): (value or b"")[:1000]
        .decode("utf-8", "replace")
        .replace("\x00", "")
        for name, value in letter.headers
    }
    return orjson.dumps(pairs).decode()
