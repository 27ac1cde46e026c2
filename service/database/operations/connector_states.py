"""What connectors last said of themselves, and how long ago that was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.connector import ConnectorStatus
from service.database.connection.session import Connection


class Told(NamedTuple):
    """A status, and how many seconds old it is."""

    status: ConnectorStatus
    age_s: float


def keep(connection: Connection, statuses: Iterable[ConnectorStatus]) -> None:
    """Store what is not older than what is stored."""
    for one in statuses:
        connection.execute(
            "INSERT INTO connector_state AS s (system, status, at)"
            " VALUES (%s, %s::jsonb, %s) ON CONFLICT (system) DO UPDATE"
            " SET status = excluded.status, at = excluded.at"
            " WHERE s.at <= excluded.at",
            [one.system, one.model_dump_json(), one.at],
        )


def forget(connection: Connection, systems: Sequence[str]) -> None:
    """Forget the connectors of systems that were removed."""
    if systems:
        connection.execute(
            "DELETE FROM connector_state WHERE system = ANY(%s)", [list(systems)]
        )


def every(connection: Connection) -> list[Told]:
    """Return the status of every connector that ever spoke, by system."""
    rows = connection.execute(
        "SELECT status, greatest(extract(epoch FROM now() - at), 0)::float8"
        " FROM connector_state ORDER BY system"
    )
    return [Told(ConnectorStatus.model_validate(row[0]), row[1]) for row in rows]


def find(connection: Connection, system: str) -> Told | None:
    """Return the status of one connector; None if it never spoke."""
    row = connection.execute(
        "SELECT status, greatest(extract(epoch FROM now() - at), 0)::float8"
        " FROM connector_state WHERE system = %s",
        [system],
    ).fetchone()
    return Told(ConnectorStatus.model_validate(row[0]), row[1]) if row else None
