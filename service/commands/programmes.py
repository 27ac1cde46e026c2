"""`couture programmes`: in which programmes and units channels may move points."""

from __future__ import annotations

import getpass
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from service.commands.command_context import settings_for_command
from service.errors import Misconfigured

programmes_app = typer.Typer(
    help="Loyalty programmes and their units. A channel that names another is refused,"
    " since a misspelt name would make a balance of its own. What the ledger of a"
    " captured source names is declared by it.",
    no_args_is_help=True,
)
Programme = Annotated[str, typer.Argument(help="as movements name it: fidelity")]
Unit = Annotated[str, typer.Argument(help="what is counted, such as points or EUR")]
By = Annotated[str | None, typer.Option(help="who; default: who is logged in here")]
AsJson = Annotated[bool, typer.Option("--json", help="for a program to read")]


@programmes_app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List programmes and units, with who declared them."""
    from service.database.connection.session import connect
    from service.database.facts import programmes

    with (
        settings_for_command() as settings,
        connect(settings.database_url) as connection,
    ):
        found = programmes.listed(connection)
    if as_json:
        typer.echo(orjson.dumps([one._asdict() for one in found]))
        return
    table = Table("programme", "unit", "declared by", "at")
    for one in found:
        at = f"{one.declared_at:%Y-%m-%d %H:%M}"
        table.add_row(one.programme, one.unit, one.declared_by, at)
    Console().print(table if found else "No programme is declared yet.")


@programmes_app.command()
def declare(programme: Programme, unit: Unit, by: By = None) -> None:
    """Let channels earn and burn in a programme and unit."""
    from service.database.connection.session import connect
    from service.database.facts import programmes

    if not programme.strip() or not unit.strip():
        raise typer.BadParameter("a programme and a unit have a name")
    with (
        settings_for_command() as settings,
        connect(settings.database_url) as connection,
    ):
        new = programmes.declare(
            connection, [(programme, unit)], by=by or getpass.getuser()
        )
    typer.echo(f"{programme} in {unit} is declared{'' if new else ' already'}.")


@programmes_app.command()
def withdraw(programme: Programme, unit: Unit) -> None:
    """Let channels move nothing there any more; its balances stay."""
    from service.database.connection.session import connect
    from service.database.facts import programmes

    with (
        settings_for_command() as settings,
        connect(settings.database_url) as connection,
    ):
        if not programmes.withdraw(connection, programme, unit):
            raise Misconfigured(
                f"{programme} in {unit} is not declared.",
                remedy="`couture programmes list` shows what is.",
            )
    typer.echo(f"{programme} in {unit} is withdrawn: channels move nothing there.")
