"""`couture sweeps`: records that a snapshot of their source no longer showed."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from service.commands.command_context import settings_for_command

sweeps_app = typer.Typer(
    help="Records that a snapshot of their source no longer showed: a few are deleted"
    " unasked, many wait here for a person.",
    no_args_is_help=True,
)
SweepId = Annotated[int, typer.Argument(help="its number in `couture sweeps list`")]
AsJson = Annotated[bool, typer.Option("--json", help="for a program to read")]


@sweeps_app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the sweeps, the newest first, with how many records each concerns."""
    from service.database.connection.session import connect
    from service.database.sources import sweeps

    with (
        settings_for_command() as settings,
        connect(settings.database_url) as connection,
    ):
        found = sweeps.listed(connection)
    if as_json:
        typer.echo(orjson.dumps([one._asdict() for one in found]))
        return
    table = Table("id", "system", "state", "vanished", "of", "found", "why")
    for one in found:
        counts = str(one.vanished), str(one.held_records)
        when = f"{one.found_at:%Y-%m-%d %H:%M}"
        row = (str(one.sweep_id), one.system, one.state, *counts, when)
        table.add_row(*row, one.reason or "")
    Console().print(table if found else "No snapshot has been judged yet.")


@sweeps_app.command()
def show(sweep_id: SweepId) -> None:
    """Show what a held sweep would delete: kind, source key and part, one a line."""
    from service.database.connection.session import connect
    from service.database.sources import sweeps

    with (
        settings_for_command() as settings,
        connect(settings.database_url) as connection,
    ):
        for one in sweeps.keys(connection, sweep_id):
            part = f"\t{one.part.table} {one.part.row}" if one.part else ""
            typer.echo(f"{one.kind}\t{one.key}{part}")


@sweeps_app.command()
def approve(sweep_id: SweepId) -> None:
    """Delete what a held sweep found; the resolver does so within seconds."""
    from service.database.sources.sweeps import State

    _settle(sweep_id, State.APPROVED)
    typer.echo(f"Sweep {sweep_id} is approved: the resolver applies it.")


@sweeps_app.command()
def discard(sweep_id: SweepId) -> None:
    """Keep what a held sweep would have deleted."""
    from service.database.sources.sweeps import State

    _settle(sweep_id, State.DISCARDED)
    typer.echo(f"Sweep {sweep_id} is discarded: nothing is deleted.")


def _settle(sweep_id: int, state: str) -> None:
    from service.database.connection.session import connect
    from service.database.sources import sweeps

    with (
        settings_for_command() as settings,
        connect(settings.database_url) as connection,
    ):
        sweeps.waiting(connection, sweep_id)
        sweeps.set_state(connection, sweep_id, sweeps.State(state))
