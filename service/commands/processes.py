"""The parts one by one, for production: migrate, resolve, relay, connect."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from service.commands.command_context import settings_for_command


def migrate() -> None:
    """Bring the database to this version's tables."""
    from service.database.connection.migrate import migrate as apply_migrations

    with settings_for_command() as settings:
        apply_migrations(settings.database_url)


def resolve() -> None:
    """Resolve changes into customers until stopped."""
    from service.resolver import worker

    with settings_for_command() as settings:
        worker.run(settings)


def relay() -> None:
    """Publish what waits in the outbox until stopped."""
    from service.relay import relay as relaying

    with settings_for_command() as settings:
        relaying.run(settings)


def connect(
    system: Annotated[str, typer.Argument(help="such as pos, ecommerce")],
    config: Annotated[Path, typer.Option(help="TOML: where the system is")],
    mapping: Annotated[
        Path | None, typer.Option(help="mapping file; default: the system's own")
    ] = None,
    resnapshot: Annotated[
        bool, typer.Option("--resnapshot", help="read everything anew, then go on")
    ] = False,
) -> None:
    """Capture one system's changes until stopped."""
    with settings_for_command() as settings:
        os.environ["COUTURE_KAFKA"] = settings.kafka
        # Service and connectors meet in Kafka only: become the other program.
        command = ["-m", "connectors", "run", system, "--config", str(config)]
        command += ["--mapping", str(mapping)] if mapping else []
        command += ["--resnapshot"] * resnapshot
        os.execv(sys.executable, [sys.executable, *command])
