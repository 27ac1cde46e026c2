"""The parts one by one, for production: migrate, resolve, relay, connect."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from service.errors import ServiceError
from service.logging import configure_logging
from service.settings import Settings


@contextmanager
def one_sentence() -> Iterator[Settings]:
    """Give the settings, and end the program with one sentence on a known error."""
    try:
        settings = Settings()
        configure_logging(settings)
        yield settings
    except ServiceError as error:
        sys.exit(error.sentence())


def migrate() -> None:
    """Bring the database to this version's tables."""
    from service.database.migrate import migrate as apply_migrations

    with one_sentence() as settings:
        apply_migrations(settings.database_url)


def resolve() -> None:
    """Resolve changes into customers until stopped."""
    from service.resolver import worker

    with one_sentence() as settings:
        worker.run(settings)


def relay() -> None:
    """Publish what waits in the outbox until stopped."""
    from service.resolver import relay as relaying

    with one_sentence() as settings:
        relaying.run(settings)


def connect(
    system: Annotated[str, typer.Argument(help="such as pos, ecommerce")],
    config: Annotated[Path, typer.Option(help="TOML: where the system is")],
) -> None:
    """Capture one system's changes until stopped."""
    with one_sentence() as settings:
        os.environ["COUTURE_KAFKA"] = settings.kafka
        # Service and connectors meet in Kafka only: become the other program.
        command = ["-m", "connectors", "run", system, "--config", str(config)]
        os.execv(sys.executable, [sys.executable, *command])
