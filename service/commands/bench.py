"""`couture bench`: how fast Couture is on this machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import orjson
import typer

from service.commands.command_context import exit_on_error
from service.errors import Misconfigured

bench_app = typer.Typer(help="Measure Couture on this machine.", no_args_is_help=True)


@bench_app.callback()
def bench() -> None:
    """Measure Couture on this machine."""


@bench_app.command("resolve")
def resolve(
    scale: Annotated[str, typer.Option(help="small (10,000) or full (1,000,000)")] = (
        "small"
    ),
    stored: Annotated[int | None, typer.Option(help="so many stored instead")] = None,
    batches: Annotated[int | None, typer.Option(help="so many micro-batches")] = None,
    batch: Annotated[int, typer.Option(help="records in a micro-batch")] = 500,
    workers: Annotated[int, typer.Option(help="so many resolvers at once")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="for a program")] = False,
) -> None:
    """Records a second, times, memory, where the time goes, and Splink beside it.

    Starts a PostgreSQL of its own; your database is not touched.
    """
    from service.bench.resolve import SCALES, measure

    with exit_on_error():
        if scale not in SCALES:
            raise Misconfigured(
                f"--scale {scale} is none of {', '.join(SCALES)}.",
                remedy="Leave it out for small.",
            )
        wanted = replace(SCALES[scale], workers=workers, batch=batch)
        if stored is not None:
            wanted = replace(wanted, stored=stored)
        if batches is not None:
            wanted = replace(wanted, batches=batches)
        figures = measure(wanted)
    if as_json:
        typer.echo(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
    else:
        _tell(figures)


def _tell(figures: dict[str, Any], indent: str = "") -> None:
    for name, value in figures.items():
        if isinstance(value, dict):
            typer.echo(f"{indent}{name}")
            _tell(value, indent + "  ")
        else:
            typer.echo(f"{indent}{name:{34 - len(indent)}} {value}")
