"""The first answer to every request with an Idempotency-Key."""

from __future__ import annotations

from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from service.database.connection.session import Connection

KEPT_DAYS = 30


class StoredResponse(NamedTuple):
    """A request that was answered before: its body's hash, and the answer."""

    body_hash: bytes
    status: int
    answer: dict[str, Any]


def claim(
    connection: Connection, *, channel: str, key: str, body_hash: bytes
) -> StoredResponse | None:
    """Return the first answer, or None if this request is the first with its key.

    A repeat that comes while the first is at work waits here until that has ended; if
    it failed, the repeat becomes the first.
    """
    claimed = connection.execute(
        "INSERT INTO answered_request (channel, idempotency_key, body_hash)"
        " VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [channel, key, body_hash],
    )
    if claimed.rowcount == 1:
        return None
    row = connection.execute(
        "SELECT body_hash, status, answer FROM answered_request"
        " WHERE channel = %s AND idempotency_key = %s",
        [channel, key],
    ).fetchone()
    assert row is not None
    return StoredResponse(bytes(row[0]), row[1], row[2])


def store_response(
    connection: Connection,
    *,
    channel: str,
    key: str,
    status: int,
    answer: dict[str, Any],
) -> None:
    """Keep the answer to a claimed request, to be committed with its effect."""
    connection.execute(
        "UPDATE answered_request SET status = %s, answer = %s"
        " WHERE channel = %s AND idempotency_key = %s",
        [status, Jsonb(answer), channel, key],
    )


def forget_old(connection: Connection) -> int:
    """Forget answers older than is promised to keep them; return how many."""
    gone = connection.execute(
        "DELETE FROM answered_request"
        " WHERE answered_at < now() - make_interval(days => %s)",
        [KEPT_DAYS],
    )
    return gone.rowcount
