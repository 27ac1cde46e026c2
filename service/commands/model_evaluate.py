"""`couture model evaluate`: how right is it, how sure is that, where does it err?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from service.commands.command_context import exit_on_error
from service.commands.model_options import (
    AsJson,
    Columns,
    Dates,
    bundle,
    mapping,
    order,
    tell_json,
)

PATTERNS_SHOWN = 5


def evaluate(  # noqa: PLR0913 - each is an option of the command line
    files: Annotated[list[Path], typer.Argument(help="CSV (.gz too) or Parquet")],
    truth: Annotated[str, typer.Option(help="the column that tells who is who")],
    columns: Columns,
    dates: Dates = "YMD",
    model: Annotated[
        Path | None, typer.Option(help="a bundle to measure instead of the recipe")
    ] = None,
    shipped: Annotated[bool, typer.Option(help="measure the shipped model")] = False,
    as_json: AsJson = False,
) -> None:
    """Standardise, train by the recipe, predict, cluster, and measure on the truth."""
    from matching.evaluation.evaluate import evaluate as measure
    from matching.model.model_version import Model

    with exit_on_error():
        given = bundle(model) if model else Model.load() if shipped else None
        report = measure(
            files, mapping(columns), truth, dates=order(dates), model=given
        ).as_dict()
    if as_json:
        return tell_json(report)
    Console().print(_measures(report))
    _tell_intervals(report["intervals"])
    for kind in ("false_links", "missed_pairs"):
        _tell_errors(kind.replace("_", " "), report["errors"][kind])
    typer.echo(f"{report['records']} records in {report['seconds']} s")


def _measures(report: dict[str, Any]) -> Table:
    table = Table("", "precision", "recall", "F1")
    for name in ("pairs", "clusters", "bcubed"):
        figures = report[name]
        table.add_row(
            name,
            *(f"{figures[column]:.4f}" for column in ("precision", "recall", "f1")),
        )
    return table


def _tell_intervals(intervals: dict[str, list[float]]) -> None:
    said = "; ".join(
        f"{name.replace('_', ' ')} {low:.4f} to {high:.4f}"
        for name, (low, high) in intervals.items()
    )
    typer.echo(f"95 % intervals of pairs (bootstrap by person, or Wilson): {said}")


def _tell_errors(kind: str, errors: dict[str, Any]) -> None:
    why = ", ".join(f"{count} {reason}" for reason, count in errors["why"].items())
    looked = f" (of {errors['examined']} examined: {why})" if why else ""
    typer.echo(f"{errors['count']} {kind}{looked}")
    for pattern in errors["patterns"][:PATTERNS_SHOWN]:
        agree = " ".join(pattern["agree"]) or "nothing"
        differ = " ".join(pattern["differ"]) or "nothing"
        typer.echo(f"  {pattern['count']:6} agree: {agree}; differ: {differ}")
