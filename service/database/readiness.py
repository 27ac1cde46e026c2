"""Whether the database holds our tables."""

from __future__ import annotations

from sqlmodel import SQLModel

from service.database import tables
from service.database.session import Connection, where
from service.errors import DatabaseNotMigrated

_OURS = sorted(
    table.name
    for table in SQLModel.metadata.sorted_tables
    if any(
        getattr(model, "__table__", None) is table for model in vars(tables).values()
    )
)


def missing_tables(connection: Connection) -> list[str]:
    """Return the names of our tables that the database lacks."""
    rows = connection.execute(
        "SELECT name FROM unnest(%s::text[]) AS n (name)"
        " WHERE to_regclass(name) IS NULL ORDER BY name",
        [_OURS],
    )
    return [row[0] for row in rows]


def require_migrated(connection: Connection, database_url: str) -> None:
    """Raise DatabaseNotMigrated if a table is missing."""
    missing = missing_tables(connection)
    if missing:
        raise DatabaseNotMigrated(
            f"The database {where(database_url)} lacks {len(missing)} tables of ours."
        )
