"""`couture key`: the keys by which channels are known to the API."""

from __future__ import annotations

from typing import Annotated

import typer

from service.commands.command_context import settings_for_command
from service.domain.scopes import READ_SCOPES, SCOPES

keys_app = typer.Typer(help="Keys of the channels that read the API.")


@keys_app.command()
def create(
    channel: Annotated[str, typer.Argument(help="who will use it, such as till")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help=f"one of {', '.join(SCOPES)}; repeat; default those that read"
        ),
    ] = None,
) -> None:
    """Make a key and print it; it is shown only this once."""
    from service import access

    with settings_for_command() as settings:
        typer.echo(
            access.create_key(
                settings.database_url,
                channel=channel,
                scopes=scope or READ_SCOPES,
            )
        )


@keys_app.command("list")
def list_() -> None:
    """List the keys: id, channel, state, scopes."""
    from service import access

    with settings_for_command() as settings:
        for key in access.list_keys(settings.database_url):
            state = "revoked" if key.revoked_at else "valid"
            typer.echo(f"{key.key_id}  {key.channel}  {state}  {' '.join(key.scopes)}")


@keys_app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="the first part after couture_")],
) -> None:
    """Revoke a key; it stops working within seconds."""
    from service import access

    with settings_for_command() as settings:
        access.revoke_key(settings.database_url, key_id)
        typer.echo(f"Key {key_id} is revoked.")
