"""`couture deadletters`: what was set aside, and what an operator does about it."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import click
import orjson
import typer
from rich.console import Console
from rich.table import Table

from service.commands.command_context import settings_for_command
from service.database.connection.session import Connection
from service.database.operations.dead_letters import Choice, Content, Letter, State
from service.errors import Misconfigured, ServiceError

deadletters_app = typer.Typer(
    help="Messages and rows set aside because no retry can apply them. An outage never"
    " puts any here.",
    no_args_is_help=True,
)
LetterId = Annotated[int, typer.Argument(help="its number in `deadletters list`")]
LetterIds = Annotated[list[int] | None, typer.Argument(help="numbers of letters")]
System = Annotated[str | None, typer.Option(help="only of this system")]
Reason = Annotated[str | None, typer.Option(help="only with this reason")]
By = Annotated[str | None, typer.Option(help="who; default: who is logged in here")]
Because = Annotated[str, typer.Option(help="why, for those who ask later")]
AsJson = Annotated[bool, typer.Option("--json", help="for a program to read")]
_AT_ONCE = 1_000


@deadletters_app.command("list")
def list_(
    system: System = None,
    reason: Reason = None,
    state: Annotated[State | None, typer.Option(help="default: open")] = State.OPEN,
    every: Annotated[bool, typer.Option("--all", help="settled ones too")] = False,
    as_json: AsJson = False,
) -> None:
    """List letters, the newest first, without what they hold (at most 1,000)."""
    from service.database.operations import dead_letters

    choice = Choice(None if every else state, reason, system)
    with _connected() as connection:
        found = dead_letters.page(connection, choice, limit=_AT_ONCE)
    if as_json:
        typer.echo(orjson.dumps([one._asdict() for one in found]))
    else:
        Console().print(_table(found) if found else "No dead letter.")


@deadletters_app.command()
def show(letter_id: LetterId, as_json: AsJson = False) -> None:
    """Show one letter with its message, which may hold personal data."""
    from service.operations import dead_letters

    with _connected() as connection:
        found = dead_letters.content(connection, letter_id)
    told = shown(found)
    if as_json:
        typer.echo(orjson.dumps(told))
        return
    for name, value in told.items():
        typer.echo(f"{name}: {value}")


@deadletters_app.command()
def edit(
    letter_id: LetterId,
    file: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            readable=True,
            help="the corrected message; default: your editor",
        ),
    ] = None,
    by: By = None,
) -> None:
    """Correct a letter's message; what came stays beside it. Then replay it."""
    from service.operations import dead_letters

    with _connected() as connection:
        found = dead_letters.content(connection, letter_id)
    value = file.read_bytes() if file else _edited(found.current)
    with _connected() as connection, connection.transaction():
        dead_letters.edit(connection, letter_id, value, by=by or getpass.getuser())
    typer.echo(f"Dead letter {letter_id} is edited: replay it.")


@deadletters_app.command()
def replay(
    letter_ids: LetterIds = None,
    because: Because = "",
    system: System = None,
    reason: Reason = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Send letters their way again: numbers, or all open ones of a system or reason.

    Exit 1 if one of them cannot be replayed as it is.
    """
    from service.operations import dead_letters

    _settle_each(
        dead_letters.replay,
        (letter_ids or [], Choice(State.OPEN, reason, system)),
        by=by,
        because=because,
        as_json=as_json,
    )


@deadletters_app.command()
def discard(
    because: Because,
    letter_ids: LetterIds = None,
    system: System = None,
    reason: Reason = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Say that letters shall have no effect; they stay to be read."""
    from service.operations import dead_letters

    _settle_each(
        dead_letters.discard,
        (letter_ids or [], Choice(State.OPEN, reason, system)),
        by=by,
        because=because,
        as_json=as_json,
    )


def _settle_each(
    settle: Callable[..., None],
    chosen: tuple[list[int], Choice],
    *,
    by: str | None,
    because: str,
    as_json: bool,
) -> None:
    """Settle letters, each in a transaction of its own; tell what was refused."""
    refused: dict[int, str] = {}
    with _connected() as connection:
        letter_ids = _chosen(connection, *chosen)
        for letter_id in letter_ids:
            try:
                with connection.transaction():
                    settle(
                        connection,
                        letter_id,
                        by=by or getpass.getuser(),
                        because=because,
                    )
            except ServiceError as error:
                refused[letter_id] = error.sentence()
    done = len(letter_ids) - len(refused)
    if as_json:
        typer.echo(
            orjson.dumps(
                {"settled": done, "refused": {str(k): v for k, v in refused.items()}}
            )
        )
    else:
        typer.echo(f"{done} settled, {len(refused)} refused")
        for letter_id, why in refused.items():
            typer.echo(f"  {letter_id}: {why}")
    if refused:
        raise typer.Exit(1)


def _chosen(connection: Connection, letter_ids: list[int], choice: Choice) -> list[int]:
    from service.database.operations import dead_letters

    if letter_ids:
        return letter_ids
    if not (choice.system or choice.reason):
        raise Misconfigured(
            "Which letters?", remedy="Name numbers, or --system, or --reason."
        )
    found: list[int] = []
    last: int | None = None
    while some := dead_letters.page(connection, choice, after=last, limit=_AT_ONCE):
        last = some[-1].letter_id
        found += [one.letter_id for one in some]
    return sorted(found)  # as they came


def shown(found: Content) -> dict[str, Any]:
    """Return a letter with its message as a person or a program reads it."""
    from service.operations.dead_letters import readable

    return {
        **found.letter._asdict(),
        "headers": dict(found.headers),
        "message": readable(found.value),
        "edited_message": readable(found.edited_value),
    }


def _table(found: list[Letter]) -> Table:
    table = Table("id", "system", "state", "reason", "detail", "key", "since")
    for one in found:
        since = f"{one.set_aside_at:%Y-%m-%d %H:%M}"
        texts = (str(one.letter_id), one.system, one.state, one.reason, one.detail)
        table.add_row(*texts, one.key or "", since)
    return table


def _edited(value: bytes) -> bytes:
    text = click.edit(value.decode("utf-8", "replace"), extension=".json")
    if text is None:
        raise Misconfigured("Nothing was saved.", remedy="Save the file in the editor.")
    return text.encode()


@contextmanager
def _connected() -> Iterator[Connection]:
    from service.database.connection.session import connect

    with (
        settings_for_command() as settings,
        connect(settings.database_url, autocommit=True) as connection,
    ):
        yield connection
