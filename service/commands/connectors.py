"""`couture connectors` and `couture connector`: see them, and command one."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from service.commands.command_context import settings_for_command

connector_app = typer.Typer(
    help="Command one connector; it obeys within seconds.", no_args_is_help=True
)
SystemName = Annotated[str, typer.Argument(help="name of the system, such as pos")]
AsJson = Annotated[bool, typer.Option("--json", help="for a program to read")]


def connectors(as_json: AsJson = False) -> None:
    """Show every connector: state, offset, lag, rows a second, last error and remedy.

    Exit code 1 if one of them failed or is silent.
    """
    from schemas.connector import ConnectorState
    from service.database.connection.session import connect
    from service.operations.connectors import views

    with (
        settings_for_command() as settings,
        connect(settings.database_url) as connection,
    ):
        found = views(connection)
    if as_json:
        typer.echo(orjson.dumps([one.model_dump(mode="json") for one in found]))
    elif not found:
        typer.echo("No connector has spoken yet. Start one: `couture connect SYSTEM`.")
    else:
        Console().print(_table(found))
    failed = [one.status.state is ConnectorState.FAILED for one in found]
    if any(failed) or any(one.silent for one in found):
        raise typer.Exit(1)


def _table(found: list[Any]) -> Table:
    table = Table("system", "state", "offset", "lag s", "rows/s", "set aside", "error")
    for one in found:
        status, error = one.status, one.status.last_error
        said = f"{error.problem} {error.remedy}" if error else ""
        offset = orjson.dumps(status.offset).decode() if status.offset else "-"
        lag = "-" if status.lag_s is None else f"{status.lag_s:.1f}"
        counts = f"{status.rows_per_s:.0f}", f"{status.rejects:,}"
        table.add_row(status.system, one.shown, offset[:60], lag, *counts, said)
    return table


@connector_app.command()
def pause(system: SystemName) -> None:
    """Let a connector rest; its source keeps its changes (a database: its log)."""
    _tell(system, "pause")


@connector_app.command()
def resume(system: SystemName) -> None:
    """Let a paused connector go on from where it stopped."""
    _tell(system, "resume")


@connector_app.command()
def resnapshot(system: SystemName) -> None:
    """Have everything read anew; what is gone is deleted, as `couture sweeps` says."""
    _tell(system, "resnapshot")


@connector_app.command()
def replay(
    system: SystemName,
    after: Annotated[
        str, typer.Option("--from", help="JSON: an offset that was shown before")
    ],
) -> None:
    """Read on again after an earlier offset; what is not newer changes nothing.

    If the source holds its changes no longer, everything is read anew.
    """
    try:
        offset = orjson.loads(after)
    except orjson.JSONDecodeError:
        offset = None
    if not isinstance(offset, dict):
        sys.exit("--from is no JSON object. Copy one from `couture connectors --json`.")
    _tell(system, "replay", offset)


def _tell(system: str, action: str, after: dict[str, Any] | None = None) -> None:
    from schemas.connector import Action
    from service.database.connection.session import connect
    from service.operations.connectors import command

    with (
        settings_for_command() as settings,
        connect(settings.database_url) as connection,
    ):
        by = getpass.getuser()
        made = command(connection, system, Action(action), by=by, after=after)
    typer.echo(f"{made.action} of {system}: it obeys within seconds of hearing it.")


@connector_app.command()
def remove(
    system: SystemName,
    config: Annotated[Path, typer.Option(help="TOML: where the system is")],
    mapping: Annotated[
        Path | None, typer.Option(help="mapping file; default: the system's own")
    ] = None,
) -> None:
    """Let go of a system that is captured no more; stop its connector first.

    A PostgreSQL source keeps its log for a slot that nobody reads until its disk is
    full: slot and publication are dropped. Where reading stood is forgotten; the
    records of the system stay.
    """
    with settings_for_command() as settings:
        os.environ["COUTURE_KAFKA"] = settings.kafka
    command = ["-m", "connectors", "remove", system, "--config", str(config)]
    command += ["--mapping", str(mapping)] if mapping else []
    os.execv(sys.executable, [sys.executable, *command])


@connector_app.command("test-mapping")
def show_mapping(
    file: Annotated[Path, typer.Argument(help="CSV (.gz too), JSONL or Parquet")],
    system: Annotated[str, typer.Option(help="the system that the file comes from")],
    mapping: Annotated[
        Path | None, typer.Option(help="mapping file; default: the system's own")
    ] = None,
    rows: Annotated[int, typer.Option(min=0, help="rows to show")] = 5,
    count: Annotated[
        int, typer.Option(min=0, help="rows to count over, 0 for all")
    ] = 10_000,
    as_json: AsJson = False,
) -> None:
    """Show what a mapping makes of a file: its first rows before and after, and over
    many how often each field is filled and why rows are set aside; write nothing."""
    command = ["-m", "connectors", "test-mapping", str(file), "--system", system]
    command += ["--rows", str(rows), "--count", str(count)]
    if mapping:
        command += ["--mapping", str(mapping)]
    if as_json:
        command += ["--json"]
    # Service and connectors meet in Kafka only: become the other program.
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *command])
