"""`couture doctor`: what is reachable and in order, and what to do where it is not."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import orjson
import typer

from service.commands.command_context import settings_for_command

_MARKS = {"good": "✓", "look": "!", "bad": "✗"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="for a program")] = False,
) -> None:
    """Look at database, tables, processes, broker and lag; exit 1 if one is bad."""
    from service.operations.doctor import findings
    from service.operations.finding import Health

    with settings_for_command() as settings:
        # what the client says of a broker that is away, a finding says better
        logging.getLogger("kafka").setLevel(logging.CRITICAL)
        found = []
        for one in findings(settings):
            found.append(one)
            if not as_json:
                typer.echo(f"{_MARKS[one.health]} {one.what}: {one.detail}")
                if one.remedy:
                    typer.echo(f"    {one.remedy}")
    if as_json:
        typer.echo(orjson.dumps([one._asdict() for one in found]))
    if any(one.health is Health.BAD for one in found):
        sys.exit(1)
