"""How fresh each system is: written with its changes, told by every answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from service.database.connection.session import Connection

FRESHNESS = """(SELECT coalesce(json_object_agg(f.system, json_build_object(
    'position', f.position, 'applied_at', f.applied_at, 'lag_ms',
    CASE WHEN f.source_at IS NOT NULL THEN greatest(0,
        extract(epoch FROM f.applied_at - f.source_at) * 1000)::bigint END)
    ORDER BY f.system), '{}')::text FROM system_freshness f)"""
"""A scalar subquery, so that an answer and its freshness are one round trip."""


class SystemAge(NamedTuple):
    """One system: how late its last change took effect, and how long ago."""

    system: str
    lag_s: float | None
    age_s: float


def freshness(connection: Connection) -> bytes:
    """Return the freshness of all systems as a JSON object."""
    row = connection.execute(f"SELECT {FRESHNESS}").fetchone()
    return row[0].encode() if row else b"{}"


def ages(connection: Connection) -> list[SystemAge]:
    """Return every system's lag and age in seconds."""
    rows = connection.execute(
        "SELECT system, extract(epoch FROM applied_at - source_at)::float8,"
        " extract(epoch FROM now() - applied_at)::float8"
        " FROM system_freshness ORDER BY system"
    )
    return [SystemAge(*row) for row in rows]


class Freshness(NamedTuple):
    """A change's position and the time at which its source made it."""

    position: tuple[int, ...]
    source_at: datetime | None


def write(connection: Connection, systems: Mapping[str, Freshness]) -> None:
    """Store the freshness of the systems; an older source time never wins."""
    for system, fresh in sorted(systems.items()):
        connection.execute(
            "INSERT INTO system_freshness AS f (system, position, source_at)"
            " VALUES (%s, %s::bigint[], %s) ON CONFLICT (system) DO UPDATE"
            " SET position = excluded.position, applied_at = now(),"
            "   source_at = greatest(f.source_at, excluded.source_at)",
            [system, list(fresh.position), fresh.source_at],
        )
