"""What capturing needs: connectors that speak, slots with readers, a roomy disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg

from schemas.connector import ConnectorState
from service.database.connection.session import Connection
from service.database.operations import replication
from service.operations.connectors import ConnectorView, views
from service.operations.finding import Finding, Health

_HELD_BYTES = 1_000_000_000
_ROOM = 0.1
_NAMED = 5


def connectors(connection: Connection) -> Finding:
    """Return whether every connector that ever spoke does its work."""
    every = views(connection)
    if not every:
        return Finding(
            "connectors",
            Health.LOOK,
            "None has spoken yet.",
            "Start one with `couture connect SYSTEM --config FILE`; the relay takes"
            " down what it says.",
        )
    if failed := [one for one in every if _failed(one)]:
        return Finding(
            "connectors", Health.BAD, _named(failed), "Run `couture connectors`."
        )
    if resting := [one for one in every if _resting(one)]:
        return Finding(
            "connectors",
            Health.LOOK,
            _named(resting),
            "`couture connector resume SYSTEM` if it is paused; start it if it ended.",
        )
    return Finding("connectors", Health.GOOD, f"All {len(every)} read their sources.")


def _failed(one: ConnectorView) -> bool:
    return one.silent or one.status.state in (
        ConnectorState.FAILED,
        ConnectorState.RETRYING,
    )


def _resting(one: ConnectorView) -> bool:
    return one.status.state in (ConnectorState.PAUSED, ConnectorState.STOPPED)


def _named(some: list[ConnectorView]) -> str:
    said = [f"{one.status.system} is {one.shown}" for one in some[:_NAMED]]
    more = f" and {len(some) - _NAMED} more" if len(some) > _NAMED else ""
    return "; ".join(said) + more + "."


def slots(connection: Connection) -> Finding:
    """Return whether a replication slot of this server keeps the log for nobody.

    Only the server that holds Couture's tables is looked at; those of sources are the
    connectors' to reach.
    """
    every = replication.slots(connection)
    if lost := [one.name for one in every if one.lost]:
        return Finding(
            "slots",
            Health.BAD,
            f"The log that they need is gone: {', '.join(lost)}.",
            "Start the connector: it reads its source again.",
        )
    heavy = [one for one in every if not one.active and one.held_bytes > _HELD_BYTES]
    if heavy:
        said = ", ".join(f"{o.name} ({o.held_bytes / 1e9:.1f} GB)" for o in heavy)
        return Finding(
            "slots",
            Health.LOOK,
            f"Nobody reads them, and they keep the log: {said}.",
            "Start the connector, or drop the slot of a system that is gone with"
            " pg_drop_replication_slot.",
        )
    return Finding("slots", Health.GOOD, f"{len(every)} here, none keeps much log.")


def disk(connection: Connection) -> Finding:
    """Return whether PostgreSQL's disk has room, where it is a disk of this machine."""
    size = replication.database_bytes(connection)
    detail = f"The database takes {size / 1e9:.1f} GB"
    try:
        place = replication.data_directory(connection)
        room = shutil.disk_usage(place) if place and Path(place).is_dir() else None
    except (psycopg.Error, OSError):
        room = None
    if room is None:
        detail += "; the room left is not to be seen from here."
        return Finding("disk", Health.GOOD, detail)
    detail += f"; {room.free / 1e9:.1f} of {room.total / 1e9:.1f} GB are free."
    if room.free < _ROOM * room.total:
        remedy = "Give PostgreSQL room: on a full disk nothing is resolved."
        return Finding("disk", Health.LOOK, detail, remedy)
    return Finding("disk", Health.GOOD, detail)
