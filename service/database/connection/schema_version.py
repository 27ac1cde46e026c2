"""Whether the database is at the revision that this version of Couture needs."""

from __future__ import annotations

from functools import cache

import psycopg

from service.database.connection.session import Connection, where
from service.errors import DatabaseNotMigrated


@cache
def _known() -> tuple[str, ...]:
    # Here, not above: Alembic and SQLAlchemy are half of a small command's start.
    from service.database.connection.migrate import revisions

    return revisions()


def is_migrated(connection: Connection) -> bool:
    """Return whether the database stands at the revision we need, or a later one.

    Migrations only add, so a process goes on while another version upgrades it: a
    revision that this version does not know is a later one if its number is higher.
    """
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except psycopg.errors.UndefinedTable:
        return False
    newest = _known()[-1]
    if row is None or row[0] in _known():
        return row is not None and row[0] == newest
    return row[0].isdecimal() and int(row[0]) > int(newest)


def require_migrated(connection: Connection, database_url: str) -> None:
    """Raise DatabaseNotMigrated unless the database is at the revision we need."""
    if not is_migrated(connection):
        raise DatabaseNotMigrated(
            f"The database {where(database_url)} is not at revision {_known()[-1]}."
        )
