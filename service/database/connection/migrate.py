"""Bring a database to this version's tables."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

import service.database.tables  # noqa: F401 - fills the metadata
from service.database.connection.session import connect
from service.errors import ServiceError

_MIGRATE_LOCK = 0x4D69_6772  # "Migr": one migration at a time
_TURN_MS = 1_000
_BETWEEN_TURNS_S = 0.5
_TURNS = 100


class TableInUse(ServiceError):
    """A migration cannot have the lock that it needs: end what holds it."""

    retriable = True
    remedy = "End long transactions (pg_stat_activity names them), then migrate again."


def migrate(database_url: str) -> None:
    """Apply the missing migrations while everything else goes on.

    A table in use is waited for in short turns, between which the traffic behind it
    flows. Raise DatabaseUnavailable if nobody answers, TableInUse after many turns.
    """
    for _ in range(_TURNS):
        with _connection(database_url) as connection:
            if _upgraded(connection):
                return
        time.sleep(_BETWEEN_TURNS_S)
    raise TableInUse("A table that must change is in use, and stays so.")


def _upgraded(connection: sqlalchemy.Connection) -> bool:
    """Return whether it is done; not, if a lock was not to be had soon."""
    connection.execute(
        sqlalchemy.text("SELECT pg_advisory_xact_lock(:lock)"),
        {"lock": _MIGRATE_LOCK},
    )
    connection.execute(sqlalchemy.text(f"SET LOCAL lock_timeout = '{_TURN_MS}ms'"))
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except sqlalchemy.exc.OperationalError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            return False
        raise
    connection.commit()
    return True


def revisions() -> tuple[str, ...]:
    """Return the revisions that this version of Couture knows, the one it needs last.

    They are numbers written as text, each greater than the one before.
    """
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return tuple(script.revision for script in scripts)[::-1]


def differences(database_url: str) -> list[object]:
    """Return what the tables of a database lack or have beyond `tables`."""
    with _connection(database_url) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_server_default": True}
        )
        return list(compare_metadata(context, SQLModel.metadata))


def _config() -> Config:
    config = Config()
    folder = Path(__file__).parent.parent / "migrations"
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    return config


def _connection(database_url: str) -> sqlalchemy.Connection:
    """Connect as everything of ours does; raise as `session.connect`."""
    return sqlalchemy.create_engine(
        "postgresql+psycopg://",
        creator=lambda: connect(database_url, name="couture-migrate"),
        poolclass=sqlalchemy.NullPool,
    ).connect()
