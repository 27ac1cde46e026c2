"""Loyalty programmes and their units: a misspelt one must not make a balance."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from service.database.connection.session import Connection


class Programme(NamedTuple):
    """A programme and unit in which channels may move points, and who says so."""

    programme: str
    unit: str
    declared_by: str
    declared_at: datetime


def listed(connection: Connection) -> list[Programme]:
    """Return every programme and unit, in alphabetical order."""
    rows = connection.execute(
        "SELECT programme, unit, declared_by, declared_at FROM loyalty_programme"
        " ORDER BY programme, unit"
    )
    return [Programme(*row) for row in rows]


def is_declared(connection: Connection, programme: str, unit: str) -> bool:
    """Return whether channels may move points in a programme and unit."""
    found = connection.execute(
        "SELECT FROM loyalty_programme WHERE (programme, unit) = (%s, %s)",
        [programme, unit],
    )
    return found.fetchone() is not None


def declare(
    connection: Connection, ledgers: Iterable[tuple[str, str]], *, by: str
) -> int:
    """Let channels move points in these programmes and units; return how many are new.

    The caller commits.
    """
    new = set(ledgers) - {(one.programme, one.unit) for one in listed(connection)}
    if not new:
        return 0
    names, units = zip(*sorted(new), strict=True)
    return connection.execute(
        "INSERT INTO loyalty_programme (programme, unit, declared_by)"
        " SELECT programme, unit, %s FROM unnest(%s::text[], %s::text[])"
        " AS n (programme, unit) ON CONFLICT DO NOTHING",
        [by, list(names), list(units)],
    ).rowcount


def withdraw(connection: Connection, programme: str, unit: str) -> bool:
    """Let channels move no more points there; return False if nobody could.

    What the ledger holds stays as it is, and counts. The caller commits.
    """
    gone = connection.execute(
        "DELETE FROM loyalty_programme WHERE (programme, unit) = (%s, %s)",
        [programme, unit],
    )
    return gone.rowcount > 0
