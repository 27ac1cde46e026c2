"""The command line of the connectors: `python -m connectors run SYSTEM`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from connectors import kinds, settings
from connectors.contract import ConnectorError, StopEverything
from connectors.flow import Totals
from connectors.mapping import Mapping
from connectors.report import State, reporter
from connectors.runner import Run
from connectors.runner import run as run_connector

FAILED, BROKEN = 3, 4

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
) -> None:
    """Capture a system: a snapshot first, then every change, until stopped."""
    read = settings.read(system, config, os.environ)
    kind = str(read.get("kind"))
    mapped = Mapping.load(
        settings.mapping_path(system, mapping),
        system=system,
        connector=kinds.NAMES.get(kind, kind),
    )
    model, connector = kinds.build(read, list(mapped.tables))
    one = Run(
        connector=connector,
        mapping=mapped,
        config=model,
        bootstrap=kafka,
        name=system,
        say=reporter(system),
        stop=_stop_on_signals(),
    )
    run_connector(one, Totals())


@app.command()
def check(
    system: SystemName, config: ConfigFile = None, mapping: MappingFile = None
) -> None:
    """Say whether a system can be captured, and what it offers; change nothing."""
    read = settings.read(system, config, os.environ)
    path = settings.mapping_path(system, mapping)
    mapped = Mapping.load(path, system=system, connector=str(read.get("kind")))
    _, connector = kinds.build(read, list(mapped.tables))
    for table in connector.discover():
        said = (
            "captured" if table.name.removeprefix("public.") in mapped.tables else "-"
        )
        typer.echo(f"{table.name}\t{said}\t{', '.join(table.columns)}")


def main() -> None:
    """Run a command; a failure is one sentence with its remedy, and a non-zero exit."""
    try:
        app()
    except ConnectorError as error:
        say = reporter("-")
        say(State.FAILED, problem=error.problem, remedy=error.remedy)
        sys.exit(BROKEN if isinstance(error, StopEverything) else FAILED)


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    return stop


if __name__ == "__main__":
    main()
