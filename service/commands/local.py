"""Everything on this machine: `couture up` and `couture demo`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from service.errors import ServiceError


@contextmanager
def stopped_in_order() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and a closed terminal unwind what runs inside the block."""
    # SIGINT too: a shell that starts us in the background has it ignored
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    try:
        yield
    except ServiceError as error:
        sys.exit(error.sentence())
    except KeyboardInterrupt:
        typer.echo("Stopped.")


def up(
    config: Annotated[
        Path, typer.Option(help="the systems to capture, as [systems.NAME] tables")
    ] = Path("couture.toml"),
    directory: Annotated[Path, typer.Option(help="where data and logs go")] = Path(
        ".couture"
    ),
    port: Annotated[int, typer.Option(min=1, max=65535, help="of the API")] = 8080,
) -> None:
    """Run everything on this machine: PostgreSQL, broker, resolver, relay, API."""
    from service.local.stack import run_up

    with stopped_in_order():
        run_up(config=config, directory=directory, port=port)


def demo(  # noqa: PLR0913 - each is an option of the command line
    duration: Annotated[
        float | None, typer.Option(help="seconds to trade; then the report")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="JSON report to write")] = None,
    seed: Annotated[int, typer.Option(help="the same seed, the same people")] = 7,
    people: Annotated[int, typer.Option(help="true customers at the start")] = 400,
    rate: Annotated[float, typer.Option(help="acts per second")] = 20.0,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="of the API, else 8080")
    ] = None,
    screen: Annotated[bool, typer.Option(help="live figures")] = True,
    keep: Annotated[bool, typer.Option(help="keep data and logs")] = False,
) -> None:
    """Run everything with a simulated retailer: four real systems that trade."""
    from service.demo.run.run import Options, run_demo

    options = Options(
        duration=duration,
        seed=seed,
        people=people,
        rate=rate,
        port=port,
        screen=screen,
        keep=keep,
        report=report,
    )
    with stopped_in_order():
        found = run_demo(options)
        if found.changes.lost:
            sys.exit(f"{found.changes.lost} changes are lost.")
