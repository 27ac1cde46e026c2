"""Webhooks: who is called, how far each has been, and every attempt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from service.database.connection.session import Connection

PUSH_LOCK = 0x5075_7368  # "Push": who holds it is the only one that calls
KEPT_DAYS = 30


class Webhook(NamedTuple):
    """A channel's wish to be called."""

    webhook_id: UUID
    channel: str
    url: str
    types: list[str]
    created_at: datetime
    failures: int
    failing_since: datetime | None
    next_try_at: datetime
    stopped_because: str | None
    waiting: int


class Due(NamedTuple):
    """A webhook for which something waits."""

    webhook_id: UUID
    url: str
    secret: str
    types: list[str]
    seq: int
    failures: int
    failing: timedelta


class Attempt(NamedTuple):
    """One attempt to deliver one event."""

    event_id: str
    attempt: int
    status: int | None
    error: str | None
    ms: int


class Logged(NamedTuple):
    """An attempt as the log shows it."""

    delivery_id: int
    event_id: str
    attempt: int
    status: int | None
    error: str | None
    ms: int
    attempted_at: datetime


def lock(connection: Connection) -> bool:
    """Return whether this connection is now the only caller, until it closes."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [PUSH_LOCK]).fetchone()
    return bool(row and row[0])


def add(
    connection: Connection,
    webhook_id: UUID,
    *,
    channel: str,
    url: str,
    secret: str,
    types: Sequence[str],
) -> None:
    """Store a webhook that is called from now on; once more changes nothing."""
    connection.execute(
        "INSERT INTO webhook (webhook_id, channel, url, secret, types, seq)"
        " VALUES (%s, %s, %s, %s, %s,"
        " coalesce((SELECT max(seq) FROM feed_event), 0)) ON CONFLICT DO NOTHING",
        [webhook_id, channel, url, secret, list(types)],
    )


_WAITING = """(SELECT count(*) FROM (SELECT FROM feed_event f WHERE f.seq > w.seq
    AND (w.types = '{}' OR f.type = ANY(w.types)) LIMIT 10000) e)"""


def of_channel(connection: Connection, channel: str) -> list[Webhook]:
    """Return a channel's webhooks, oldest first; at most 10,000 count as waiting."""
    rows = connection.execute(
        "SELECT webhook_id, channel, url, types, created_at, failures, failing_since,"
        f" next_try_at, stopped_because, {_WAITING} FROM webhook w"
        " WHERE channel = %s ORDER BY created_at, webhook_id",
        [channel],
    )
    return [Webhook(*row) for row in rows]


def is_of(connection: Connection, webhook_id: UUID, *, channel: str) -> bool:
    """Return whether the webhook is the channel's."""
    row = connection.execute(
        "SELECT FROM webhook WHERE webhook_id = %s AND channel = %s",
        [webhook_id, channel],
    ).fetchone()
    return row is not None


def remove(connection: Connection, webhook_id: UUID) -> None:
    """Forget a webhook with its log."""
    connection.execute("DELETE FROM webhook WHERE webhook_id = %s", [webhook_id])
    connection.execute(
        "DELETE FROM webhook_delivery WHERE webhook_id = %s", [webhook_id]
    )


def resume(connection: Connection, webhook_id: UUID) -> None:
    """Call again at once, from the first event that was not taken."""
    connection.execute(
        "UPDATE webhook SET stopped_because = NULL, failures = 0,"
        " failing_since = NULL, next_try_at = now() WHERE webhook_id = %s",
        [webhook_id],
    )


def due(connection: Connection) -> list[Due]:
    """Return the webhooks for which an event waits and whose pause is over."""
    rows = connection.execute(
        "SELECT webhook_id, url, secret, types, seq, failures,"
        " coalesce(now() - failing_since, '0') FROM webhook w"
        " WHERE stopped_because IS NULL AND next_try_at <= now()"
        " AND EXISTS (SELECT FROM feed_event f WHERE f.seq > w.seq"
        "   AND (w.types = '{}' OR f.type = ANY(w.types)))"
    )
    return [Due(*row) for row in rows]


def taken(connection: Connection, webhook_id: UUID, *, seq: int) -> None:
    """Note that everything up to an event was taken."""
    connection.execute(
        "UPDATE webhook SET seq = greatest(seq, %s), failures = 0,"
        " failing_since = NULL WHERE webhook_id = %s",
        [seq, webhook_id],
    )


def failed(
    connection: Connection,
    webhook_id: UUID,
    *,
    pause_s: int,
    stopped_because: str | None,
) -> None:
    """Note a failure: when to try again, or why not."""
    connection.execute(
        "UPDATE webhook SET failures = failures + 1,"
        " failing_since = coalesce(failing_since, now()),"
        " next_try_at = now() + make_interval(secs => %s), stopped_because = %s"
        " WHERE webhook_id = %s",
        [pause_s, stopped_because, webhook_id],
    )


def log_attempts(
    connection: Connection, webhook_id: UUID, attempts: Sequence[Attempt]
) -> None:
    """Add attempts to the log."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO webhook_delivery"
            " (webhook_id, event_id, attempt, status, error, ms)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [(webhook_id, *attempt) for attempt in attempts],
        )


def deliveries(
    connection: Connection, webhook_id: UUID, *, below: int | None, limit: int
) -> list[Logged]:
    """Return attempts, newest first, those below a place."""
    rows = connection.execute(
        "SELECT delivery_id, event_id, attempt, status, error, ms, attempted_at"
        " FROM webhook_delivery WHERE webhook_id = %(webhook_id)s"
        " AND (%(below)s::bigint IS NULL OR delivery_id < %(below)s)"
        " ORDER BY delivery_id DESC LIMIT %(limit)s",
        {"webhook_id": webhook_id, "below": below, "limit": limit},
    )
    return [Logged(*row) for row in rows]


def forget_old(connection: Connection) -> Any:
    """Forget attempts older than is promised to keep them."""
    connection.execute(
        "DELETE FROM webhook_delivery"
        " WHERE attempted_at < now() - make_interval(days => %s)",
        [KEPT_DAYS],
    )
