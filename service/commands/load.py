"""`couture load`: a file into the database at once, or through Kafka."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, cast, get_args

import orjson
import typer

from matching.features.dates import Order
from service.commands.command_context import settings_for_command
from service.errors import Misconfigured
from service.settings import Settings

if TYPE_CHECKING:
    from service.bulk_load.source import Source
    from service.resolver.sweep import SweepOutcome

Columns = Annotated[
    list[str] | None,
    typer.Option("--map", help="field=column, instead of a mapping file; id=COLUMN"),
]


def load(  # noqa: PLR0913 - each is an option of the command line
    file: Annotated[Path, typer.Argument(help="CSV (.gz too), JSONL or Parquet")],
    system: Annotated[str, typer.Option(help="the system whose records these are")],
    mapping: Annotated[
        Path | None, typer.Option(help="mapping file; default: the system's own")
    ] = None,
    columns: Columns = None,
    dates: Annotated[str, typer.Option(help="with --map: YMD, MDY or DMY")] = "YMD",
    engine: Annotated[str, typer.Option(help="duckdb or spark")] = "duckdb",
    stream: Annotated[
        bool, typer.Option("--stream", help="through Kafka, as changes")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="for a program")] = False,
    allow_deletions: Annotated[
        bool,
        typer.Option("--allow-deletions", help="though most of the rows are deletions"),
    ] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="who is not in the file is gone")
    ] = False,
) -> None:
    """Load a file's customers; interrupted, it goes on from there.

    A file deletes nobody but those that its rows say are gone. A complete one has those
    deleted, too, that earlier files of the system brought and it lacks: a few unasked,
    many once `couture sweeps approve` says so.
    """
    with settings_for_command() as settings, tempfile.TemporaryDirectory() as folder:
        path = _mapping(mapping, columns, dates, Path(folder))
        if stream:
            options = {"--allow-deletions": allow_deletions, "--complete": complete}
            _through_kafka(settings, file, system, path, options=options)
        source = _checked(file, system, path, allow_deletions=allow_deletions)
        _at_once(settings, source, engine=engine, as_json=as_json, complete=complete)


def _mapping(
    mapping: Path | None, columns: list[str] | None, dates: str, folder: Path
) -> Path | None:
    from service.bulk_load.mapping_from_columns import write_mapping

    if not columns:
        return mapping
    if mapping:
        raise Misconfigured("Both --mapping and --map.", remedy="Give one of them.")
    if dates not in get_args(Order):
        raise Misconfigured(
            f"--dates {dates} is none of {', '.join(get_args(Order))}.",
            remedy="Say in which order day, month and year stand.",
        )
    pairs = [column.partition("=") for column in columns]
    if bad := [name for name, _, column in pairs if not column]:
        raise Misconfigured(
            f"--map {bad[0]} is no field=column.", remedy="Such as --map id=rec_id."
        )
    named = {name: column for name, _, column in pairs}
    return write_mapping(named, folder, dates=cast(Order, dates))


def _through_kafka(
    settings: Settings,
    file: Path,
    system: str,
    mapping: Path | None,
    *,
    options: dict[str, bool],
) -> NoReturn:
    os.environ["COUTURE_KAFKA"] = settings.kafka
    command = ["-m", "connectors", "load", str(file), "--system", system]
    if mapping:
        command += ["--mapping", str(mapping)]
    command += [option for option, given in options.items() if given]
    # Service and connectors meet in Kafka only: become the other program.
    os.execv(sys.executable, [sys.executable, *command])


def _checked(
    file: Path, system: str, mapping: Path | None, *, allow_deletions: bool
) -> Source:
    """Return the source; ask, or raise Misconfigured, if it would delete most of it."""
    from service.bulk_load.source import checked

    source = checked(file, system=system, mapping=mapping)
    if source.layout:
        typer.echo(source.layout, err=True)
    if source.deletes_most and not allow_deletions:
        told = f"{source.deletions} of the {source.rows} rows of {file} are deletions."
        if not sys.stdin.isatty() or not typer.confirm(f"{told} Load it?", err=True):
            raise Misconfigured(
                told, remedy="If that is so, load it with --allow-deletions."
            )
    return source


def _at_once(
    settings: Settings, source: Source, *, engine: str, as_json: bool, complete: bool
) -> None:
    from service.bulk_load.load import load as load_at_once
    from service.bulk_load.progress import shown
    from service.bulk_load.rejects import write_rejects
    from service.database.connection.schema_version import require_migrated
    from service.database.connection.session import connect
    from service.resolver.training_advice import training_advice
    from service.resolver.worker import load_judge

    url = settings.database_url
    with connect(url, autocommit=True) as connection:
        require_migrated(connection, url)
        judge = load_judge(connection)
        with shown() as progress:
            report = load_at_once(
                url,
                source,
                judge=judge,
                progress=progress,
                engine=engine,
                complete=complete,
            )
        rejects = write_rejects(connection, source)
        advice = training_advice(connection)
    if as_json:
        told = report.as_dict() | {"rejects_file": rejects and str(rejects)}
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        return
    if report.already:
        typer.echo("This file is loaded already; nothing was changed.")
    seconds = sum(report.seconds.values())
    typer.echo(
        f"{report.records} records, {report.links} links, {report.customers} new"
        f" customers in {seconds:.1f} s"
    )
    if rejects:
        typer.echo(f"{report.rejects} rows were set aside, with reasons: {rejects}")
    if report.missing and report.missing.vanished:
        typer.echo(_told_of_missing(report.missing))
    if report.spark:
        typer.echo(report.spark)
    if advice:
        typer.echo(advice, err=True)


def _told_of_missing(missing: SweepOutcome) -> str:
    if missing.why is None:
        return (
            f"{missing.vanished} records of earlier files are not in this one: the "
            "resolver deletes them."
        )
    number = missing.sweep_id
    return (
        f"Nothing is deleted: {missing.why}. Look at them with `couture sweeps show"
        f" {number}`, then `couture sweeps approve {number}` or `discard {number}`."
    )
