"""The feed: every published event, for those who follow it without Kafka."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from service.database.connection.session import Connection

KEPT_DAYS = 30
"""For so long an event can be read, and a place in the feed be gone on from."""


class Place(NamedTuple):
    """How far somebody has read: the last event seen, and a time it was true at."""

    seq: int
    at: datetime


class Stretch(NamedTuple):
    """Events in order, each with its place, and where to go on."""

    events: list[tuple[Place, dict[str, Any]]]
    next: Place


def start(connection: Connection) -> Place:
    """Return the place before the oldest event that is kept."""
    row = connection.execute(
        "SELECT coalesce((SELECT seq - 1 FROM feed_event ORDER BY seq LIMIT 1),"
        " (SELECT max(seq) FROM feed_event), 0), now()"
    ).fetchone()
    assert row is not None
    return Place(*row)


def end(connection: Connection) -> Place:
    """Return the place after the newest event."""
    row = connection.execute(
        "SELECT coalesce((SELECT max(seq) FROM feed_event), 0), now()"
    ).fetchone()
    assert row is not None
    return Place(*row)


_AFTER = """
SELECT seq, told_at, event, now() FROM (SELECT 1) one LEFT JOIN (
    SELECT seq, told_at, event FROM feed_event WHERE seq > %(seq)s
    AND (%(types)s::text[] IS NULL OR type = ANY(%(types)s::text[]))
    ORDER BY seq LIMIT %(limit)s) f ON true ORDER BY seq
"""


def after(
    connection: Connection, place: Place, *, types: Sequence[str], limit: int
) -> Stretch:
    """Return the events after a place, oldest first; no types are all types."""
    rows = connection.execute(
        _AFTER, {"seq": place.seq, "types": list(types) or None, "limit": limit}
    ).fetchall()
    events = [(Place(row[0], row[1]), row[2]) for row in rows if row[0] is not None]
    if len(events) == limit:
        return Stretch(events, events[-1][0])
    last = events[-1][0].seq if events else place.seq
    return Stretch(events, Place(last, rows[0][3]))


def is_kept(connection: Connection, place: Place) -> bool:
    """Return whether nothing that came after the place has been forgotten."""
    row = connection.execute(
        "SELECT %s >= now() - make_interval(days => %s)", [place.at, KEPT_DAYS]
    ).fetchone()
    return bool(row and row[0])


def forget_old(connection: Connection) -> int:
    """Forget events older than is promised to keep them; return how many."""
    return connection.execute(
        "DELETE FROM feed_event WHERE told_at < now() - make_interval(days => %s)",
        [KEPT_DAYS],
    ).rowcount
