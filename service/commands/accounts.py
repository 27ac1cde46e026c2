"""`couture people`: the accounts of the stewards' room."""

from __future__ import annotations

import sys
from typing import Annotated

import orjson
import typer

from service.commands.command_context import settings_for_command

people_app = typer.Typer(help="People who sign in to the stewards' room.")
AsJson = Annotated[bool, typer.Option("--json", help="for a program to read")]


@people_app.command()
def add(
    name: Annotated[str, typer.Argument(help="by which they sign in")],
    role: Annotated[
        list[str] | None,
        typer.Option(help="reader, steward or supervisor; repeat; default steward"),
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option(help="read the password from standard input")
    ] = False,
) -> None:
    """Make an account, or give one a new password and roles."""
    from service.database.connection.session import connect
    from service.stewardship import accounts

    with settings_for_command() as settings:
        if password_stdin:
            password = sys.stdin.readline().rstrip("\n")
        else:
            password = typer.prompt(
                "Password", hide_input=True, confirmation_prompt=True
            )
        with connect(settings.database_url) as connection:
            accounts.add(connection, name, password=password, roles=role or ["steward"])
        typer.echo(f"{name} may sign in at /steward.")


@people_app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the accounts: name, state, roles."""
    from service.database.connection.session import connect
    from service.stewardship import accounts

    with (
        settings_for_command() as settings,
        connect(settings.database_url) as connection,
    ):
        found = accounts.every(connection)
    if as_json:
        told = [
            {"name": p.name, "roles": p.roles, "removed_at": p.removed_at}
            for p in found
        ]
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        return
    for one in found:
        state = "removed" if one.removed_at else "valid"
        typer.echo(f"{one.name}  {state}  {' '.join(one.roles)}")


@people_app.command()
def remove(name: Annotated[str, typer.Argument(help="whose account")]) -> None:
    """Close an account; who uses it is signed out at once."""
    from service.database.connection.session import connect
    from service.stewardship import accounts

    with settings_for_command() as settings:
        with connect(settings.database_url) as connection:
            accounts.remove(connection, name)
        typer.echo(f"{name} may sign in no longer.")
