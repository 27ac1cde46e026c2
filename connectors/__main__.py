"""The command line of the connectors: `python -m connectors run SYSTEM`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from connectors import kinds, settings
from connectors.capture import Totals
from connectors.contract import (
    CaptureRequest,
    Config,
    Connector,
    ConnectorError,
    StopEverything,
    StopSource,
)
from connectors.debezium import jars
from connectors.files import map_file as map_lines
from connectors.files.complete_file import publish_manifest
from connectors.files.connector import FileConfig, FileConnector
from connectors.files.preview import as_text, preview
from connectors.files.progress import showing
from connectors.kafka.offsets import Offsets
from connectors.kafka.publisher import Message, Publisher
from connectors.kafka.status_topic import StatusTopic
from connectors.mapping.rows_to_events import Mapping
from connectors.runner import Run
from connectors.runner import run as run_connector
from connectors.signals import stop_on_signals
from connectors.state_log import State, reporter
from schemas import wire

FAILED, BROKEN, INTERRUPTED = 3, 4, 130

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Capture the changes of source systems and put them on Kafka.\n\n"
    "Exit codes: 0 stopped in order, 2 wrong usage, 3 this source needs a person, "
    "4 the installation is at fault. The broker is COUTURE_KAFKA.",
)

SystemName = Annotated[str, typer.Argument(help="name of the system, such as pos")]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="TOML file: dsn, or base_url and key, and more"),
]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", help="mapping file; default: the system's own"),
]
Bootstrap = Annotated[
    str, typer.Option("--kafka", envvar="COUTURE_KAFKA", help="bootstrap servers")
]


@app.command()
def run(
    system: SystemName,
    config: ConfigFile = None,
    mapping: MappingFile = None,
    kafka: Bootstrap = "localhost:9092",
    resnapshot: Annotated[
        bool, typer.Option("--resnapshot", help="read everything anew, then go on")
    ] = False,
) -> None:
    """Capture a system: a snapshot first, then every change, until stopped.

    What a snapshot no longer shows is deleted: a few records unasked, many when
    `couture sweeps approve` says so.
    """
    with _told(system):
        mapped, model, connector = _opened(system, config, mapping, kafka)
        status = StatusTopic(
            kafka, system=mapped.system, connector=connector.name, say=reporter(system)
        )
        one = Run(
            connector=connector,
            mapping=mapped,
            config=model,
            bootstrap=kafka,
            name=mapped.system,
            say=status.say,
            status=status,
            stop=stop_on_signals(),
            resnapshot=resnapshot,
        )
        run_connector(one, Totals())


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="CSV, JSON lines (or .gz) or Parquet")],
    system: Annotated[str, typer.Option("--system", help="the system it comes from")],
    mapping: MappingFile = None,
    kafka: Bootstrap = "localhost:9092",
    allow_deletions: Annotated[
        bool,
        typer.Option("--allow-deletions", help="though most of its rows are deletions"),
    ] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="who is not in the file is gone")
    ] = False,
) -> None:
    """Load a file once, through Kafka; run it again to go on where it stopped.

    A complete one deletes as a snapshot does: a few unasked, many when
    `couture sweeps approve` says so; only what earlier files brought.
    """
    with _told(system):
        mapped, table, _ = _of_files(system, mapping)
        config = FileConfig(system=mapped.system, path=file, table=table)
        connector = FileConnector(config, mapped.layout)
        if not allow_deletions:
            _refuse_deletions(file, mapped, table)
        if layout := map_lines.told_layout(file, mapped):
            typer.echo(layout, err=True)
        totals = Totals()
        one = Run(
            connector=connector,
            mapping=mapped,
            config=config,
            bootstrap=kafka,
            name=f"{mapped.system}/file/{connector.digest}",
            say=reporter(mapped.system),
            stop=stop_on_signals(),
        )
        with showing(totals, file.name):
            run_connector(one, totals)
        if one.stop.is_set():
            raise typer.Exit(INTERRUPTED)
        if complete:
            publish_manifest(connector, mapped, bootstrap=kafka, name=one.name)


@app.command("map")
def map_file(
    file: Annotated[Path, typer.Argument(help="CSV, JSON lines (or .gz) or Parquet")],
    system: Annotated[str, typer.Option("--system", help="the system it comes from")],
    mapping: MappingFile = None,
    size: Annotated[int, typer.Option(help="rows of one part")] = 0,
    part: Annotated[str, typer.Option(help="FIRST/OF: every OF-th part")] = "0/1",
    done: Annotated[str, typer.Option(help="parts to leave out: 0-57,60")] = "",
) -> None:
    """Write a file's canonical records as lines of JSON; without a size, check it.

    For `couture load`. What is wrong is the last line: {"problem", "remedy"}.
    """
    out = sys.stdout.buffer
    try:
        mapped, table, path = _of_files(system, mapping)
        if not size:
            checked = map_lines.check(file, mapped, table)
            config = FileConfig(system=mapped.system, path=file, table=table)
            told = {
                **checked._asdict(),
                "deletes_most": map_lines.deletes_most(checked.rows, checked.deletions),
                "file": FileConnector(config).digest,
                "mapping": path.read_text(),
            }
            out.write(json.dumps(told).encode())
            return
        first, _, of = part.partition("/")
        parts = map_lines.Parts(size, int(first), int(of), map_lines.numbers(done))
        out.writelines(map_lines.lines(file, mapped, table, parts))
        out.write(b'{"end":true}\n')
    except ConnectorError as error:
        told = {"problem": error.problem, "remedy": error.remedy}
        out.write(json.dumps(told).encode() + b"\n")


@app.command("test-mapping")
def show_mapping(
    file: Annotated[Path, typer.Argument(help="CSV, JSON lines (or .gz) or Parquet")],
    system: Annotated[str, typer.Option("--system", help="the system it comes from")],
    mapping: MappingFile = None,
    shown: Annotated[int, typer.Option("--rows", min=0, help="rows to show")] = 5,
    counted: Annotated[
        int, typer.Option("--count", min=0, help="rows to count over, 0 for all")
    ] = 10_000,
    as_json: Annotated[bool, typer.Option("--json", help="for a program")] = False,
) -> None:
    """Show what a mapping makes of a file: its first rows, and of many how often each
    field is filled; write nothing."""
    with _told(system):
        mapped, table, _ = _of_files(system, mapping)
        for said in preview(file, mapped, table, shown=shown, counted=counted):
            typer.echo(json.dumps(said) if as_json else as_text(said))


@app.command()
def check(
    system: SystemName,
    config: ConfigFile = None,
    mapping: MappingFile = None,
    kafka: Bootstrap = "localhost:9092",
) -> None:
    """Say whether a system can be captured, and what it offers; change nothing."""
    with _told(system):
        mapped, _, connector = _opened(system, config, mapping, kafka)
        connector.check()
        for table in connector.discover():
            captured = table.name.removeprefix("public.") in mapped.tables
            said = "captured" if captured else "-"
            typer.echo(f"{table.name}\t{said}\t{', '.join(table.columns)}")


@app.command()
def remove(
    system: SystemName,
    config: ConfigFile = None,
    mapping: MappingFile = None,
    kafka: Bootstrap = "localhost:9092",
) -> None:
    """Let go of what a source keeps for its connector, which runs no more, and of
    where reading stood."""
    with _told(system):
        mapped, _, connector = _opened(system, config, mapping, kafka)
        let_go = connector.remove()
        with Offsets(kafka, name=mapped.system) as offsets, Publisher(kafka) as out:
            offsets.forget(out)
            status = Message(wire.CONNECTORS_TOPIC, mapped.system.encode(), None, [])
            out.send([status])
        for what in [*let_go, f"The offset of {mapped.system} is forgotten."]:
            typer.echo(what)


@app.command("jars")
def fetch_jars() -> None:
    """Fetch Debezium's connector for MariaDB (40 MB, from Maven Central), once."""
    with _told("jars"):
        folder = jars.mariadb_folder()
        jars.fetch(folder)
        typer.echo(str(folder))


def _of_files(system: str, mapping: Path | None) -> tuple[Mapping, str, Path]:
    """Return the mapping of a system's files, its one table, and where it stands."""
    name = settings.system_name(system)
    path = settings.mapping_path(name, mapping)
    mapped = Mapping.load(path, system=name, connector=FileConnector.name)
    return mapped, settings.only_table(mapped.tables, path), path


def _refuse_deletions(file: Path, mapping: Mapping, table: str) -> None:
    rows, deletions = map_lines.deletions_in(file, mapping, table)
    if map_lines.deletes_most(rows, deletions):
        raise StopSource(
            f"{deletions} of the {rows} rows of {file} are deletions.",
            remedy="If that is so, load it with --allow-deletions.",
        )


def _opened(
    system: str, config: Path | None, mapping: Path | None, kafka: str
) -> tuple[Mapping, Config, Connector]:
    name = settings.system_name(system)
    read = settings.read(name, config, os.environ)
    named = read.pop("mapping", None)
    kind = kinds.find(str(read.get("kind")), system=name)
    path = settings.mapping_path(name, mapping or (named and Path(named)))
    mapped = Mapping.load(path, system=name, connector=kind.name)
    model = settings.parse(kind.config, read)
    request = CaptureRequest(mapped.needs, mapped.ids, bootstrap=kafka)
    return mapped, model, kind.connector(model, request)


@contextmanager
def _told(system: str) -> Iterator[None]:
    try:
        yield
    except ConnectorError as error:
        say = reporter(system)
        say(State.FAILED, problem=error.problem, remedy=error.remedy)
        if sys.stderr.isatty():
            typer.echo(str(error), err=True)
        broken = isinstance(error, StopEverything)
        raise typer.Exit(BROKEN if broken else FAILED) from None


if __name__ == "__main__":
    app()
