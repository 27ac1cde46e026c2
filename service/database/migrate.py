"""Bring a database to this version's tables."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

import service.database.tables  # noqa: F401 - fills the metadata
from service.database.session import sqlalchemy_url, where
from service.errors import DatabaseUnavailable

_MIGRATE_LOCK = 0x4D69_6772  # "Migr": one migration at a time


def migrate(database_url: str) -> None:
    """Apply the missing migrations; raise DatabaseUnavailable if nobody answers."""
    with _connection(database_url) as connection:
        connection.execute(
            sqlalchemy.text("SELECT pg_advisory_xact_lock(:lock)"),
            {"lock": _MIGRATE_LOCK},
        )
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def newest() -> str:
    """Return the revision that this version of Couture needs."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def differences(database_url: str) -> list[object]:
    """Return what the tables of a database lack or have beyond `tables`."""
    with _connection(database_url) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_server_default": True}
        )
        return list(compare_metadata(context, SQLModel.metadata))


def _config() -> Config:
    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    return config


def _connection(database_url: str) -> sqlalchemy.Connection:
    engine = sqlalchemy.create_engine(
        sqlalchemy_url(database_url), poolclass=sqlalchemy.NullPool
    )
    try:
        return engine.connect()
    except sqlalchemy.exc.OperationalError as error:
        detail = f"PostgreSQL at {where(database_url)} does not answer."
        raise DatabaseUnavailable(detail) from error
