"""What commands that explain share: a connection that sees one moment, and a judge."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import typer

from service.commands.settled import settled

if TYPE_CHECKING:
    from pydantic import BaseModel

    from service.database.session import Connection
    from service.judges import Judges


class Reading(NamedTuple):
    """Where to read, and who judges."""

    connection: Connection
    judges: Judges


@contextmanager
def reading() -> Iterator[Reading]:
    """Give the database as it stands at one moment; nothing can be written."""
    from service.database.one_moment import one_moment
    from service.database.readiness import require_migrated
    from service.database.session import connect
    from service.judges import Judges

    with (
        settled() as settings,
        connect(settings.database_url, autocommit=True) as connection,
    ):
        require_migrated(connection, settings.database_url)
        with one_moment(connection):
            yield Reading(connection, Judges(scorers=1))


def as_json(told: BaseModel) -> None:
    """Print for a program."""
    typer.echo(told.model_dump_json(indent=2))
