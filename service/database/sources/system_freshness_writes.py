"""For each system, the last change that took effect."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from service.database.connection.session import Connection


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
