"""`couture customer`: what a person may ask of us, from a terminal."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import orjson
import typer

from service.commands.command_context import settings_for_command
from service.errors import UnknownCustomer
from service.privacy.grounds import Grounds

if TYPE_CHECKING:
    from service.database.connection.session import Connection

customer_app = typer.Typer(
    help="Export and erase what is known of one person.", no_args_is_help=True
)
CustomerId = Annotated[UUID, typer.Argument(help="the customer id")]
AsJson = Annotated[bool, typer.Option("--json", help="for a program to read")]
By = Annotated[str | None, typer.Option(help="who; default: who is logged in here")]


@customer_app.command()
def export(
    customer_id: CustomerId,
    as_json: AsJson = False,
) -> None:
    """Print all that is known of a customer: a page to read, or JSON."""
    from service.database.privacy import customer_export
    from service.privacy.export_page import export_page

    with _connected() as connection:
        found = customer_export.everything(connection, customer_id)
        if found is None or found[1] is None:
            where = f" It retired into {found[0]}." if found and found[0] else ""
            raise UnknownCustomer(f"No live customer has this id.{where}")
    told = {"exported_at": datetime.now(UTC), **found[1]}
    typer.echo(orjson.dumps(told) if as_json else export_page(told))


@customer_app.command()
def erase(
    customer_id: CustomerId,
    grounds: Annotated[Grounds, typer.Option(help="on what grounds")],
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Erase a customer for good and print the signed receipt.

    Whatever a source sends of the person afterwards is refused.
    """
    from service.privacy import erasure

    if not yes:
        typer.confirm("This cannot be undone. Erase the customer?", abort=True)
    with _connected() as connection, connection.transaction():
        done = erasure.erase(
            connection, customer_id, grounds=grounds, by=by or getpass.getuser()
        )
    typer.echo(orjson.dumps(done._asdict()) if as_json else done.receipt)


@customer_app.command()
def receipt(
    receipt: Annotated[str, typer.Argument(help="as the erasure gave it")],
) -> None:
    """Show what a receipt says; exit 1 if this database did not sign it."""
    from service.database.privacy import suppressions
    from service.privacy import receipts

    with _connected() as connection:
        secret = suppressions.secret(connection, "receipt")
    claims = receipts.verified(receipt, secret)
    if claims is None:
        typer.echo("The receipt is not genuine.", err=True)
        raise typer.Exit(1)
    typer.echo(orjson.dumps(claims))


@customer_app.command()
def readmit(
    erasure_id: Annotated[UUID, typer.Argument(help="as the receipt names it")],
) -> None:
    """Let an erased person in again, who has become a customer anew.

    Only what sources send from now on: push the record again.
    """
    from service.database.privacy import suppressions

    with _connected() as connection, connection.transaction():
        marks = suppressions.lift(connection, erasure_id)
    if not marks:
        typer.echo("No suppression stands for this erasure.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{marks} suppressions are lifted.")


@contextmanager
def _connected() -> Iterator[Connection]:
    from service.database.connection.session import connect

    with (
        settings_for_command() as settings,
        connect(settings.database_url, autocommit=True) as connection,
    ):
        yield connection
