"""Messages that wait for the relay, written with the change they tell of.

Changes that come through the API wait here too, for the topic of their system.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from schemas import wire
from schemas.change_event import ChangeEvent
from service.database.connection.binary_copy import copy_rows
from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints

RELAY_LOCK = 0x4F75_7462  # "Outb": the relay that holds it is the only one


_COLUMNS = "topic, message_key, message_value, message_headers"
INSERT = f"INSERT INTO outbox ({_COLUMNS})"
"""How a statement that has the messages in a query adds them, in its order."""


class Message(NamedTuple):
    """One message to be published; no value is a tombstone."""

    topic: str
    key: bytes
    value: bytes | None
    headers: Mapping[str, str]


class Waiting(NamedTuple):
    """A message with its place in the outbox."""

    seq: int
    topic: str
    key: bytes
    value: bytes | None
    headers: dict[str, str]


def append(connection: Connection, messages: Sequence[Message]) -> None:
    """Add the messages, in this order, to what waits."""
    if not messages:
        return
    query = f"COPY outbox ({_COLUMNS}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        for message in messages:
            headers = orjson.dumps(dict(message.headers)).decode()
            copy.write_row((message.topic, message.key, message.value, headers))


def copy_in(connection: Connection, messages: bytes) -> None:
    """Add messages that are written as PostgreSQL's binary COPY reads them."""
    copy_rows(connection, "outbox", _COLUMNS, messages)


def take(connection: Connection, *, limit: int) -> list[Waiting]:
    """Return the messages that have waited longest, in order."""
    rows = connection.execute(
        "SELECT seq, topic, message_key, message_value, message_headers FROM outbox"
        " ORDER BY seq LIMIT %s",
        [limit],
    )
    return [Waiting(*row) for row in rows]


# In one statement, so that what leaves here stands in the feed; one after the other,
# so that the feed keeps their order.
_REMOVE = """
WITH gone AS (DELETE FROM outbox WHERE seq = ANY(%(seqs)s::bigint[]) RETURNING *)
INSERT INTO feed_event (type, event)
SELECT message_headers ->> 'ce_type', jsonb_build_object(
    'specversion', message_headers ->> 'ce_specversion',
    'id', message_headers ->> 'ce_id', 'source', message_headers ->> 'ce_source',
    'type', message_headers ->> 'ce_type', 'subject', message_headers ->> 'ce_subject',
    'time', message_headers ->> 'ce_time', 'datacontenttype', 'application/json',
    'data', convert_from(message_value, 'UTF8')::jsonb)
FROM gone WHERE topic = %(events)s ORDER BY seq
"""


def remove(connection: Connection, seqs: Sequence[int]) -> None:
    """Forget messages that the broker has acknowledged; their events join the feed.

    Only the holder of the relay's lock may call it.
    """
    values = {"seqs": bigints(seqs), "events": wire.EVENTS_TOPIC}
    connection.execute(_REMOVE, values)


def lock_relay(connection: Connection) -> bool:
    """Return whether this connection is now the only relay, until it closes."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [RELAY_LOCK]).fetchone()
    return bool(row and row[0])


def append_change(connection: Connection, event: ChangeEvent) -> ChangeEvent:
    """Let the event wait for the relay, to be published on its system's topic."""
    key, value, headers = wire.encode(event)
    text = {name: content.decode() for name, content in headers}
    topic = wire.source_topic(event.key.system)
    append(connection, [Message(topic, key, value, text)])
    return event
