"""What commands that explain share: a connection that sees one moment, and a judge."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import typer

from service.commands.command_context import settings_for_command

if TYPE_CHECKING:
    from pydantic import BaseModel

    from service.database.connection.session import Connection
    from service.model_versions.scorer_pool import ScorerPool


class Reading(NamedTuple):
    """Where to read, and who judges."""

    connection: Connection
    judges: ScorerPool


@contextmanager
def reading() -> Iterator[Reading]:
    """Give the database as it stands at one moment; nothing can be written."""
    from service.database.connection.schema_version import require_migrated
    from service.database.connection.session import connect, snapshot_read
    from service.model_versions.scorer_pool import ScorerPool

    with (
        settings_for_command() as settings,
        connect(settings.database_url, autocommit=True) as connection,
    ):
        require_migrated(connection, settings.database_url)
        with snapshot_read(connection):
            yield Reading(connection, ScorerPool(scorers=1))


def as_json(told: BaseModel) -> None:
    """Print for a program."""
    typer.echo(told.model_dump_json(indent=2))
