"""`couture model`: measure, train and show what decides."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast, get_args

import orjson
import typer
from rich.console import Console
from rich.table import Table

from matching.dates import Order
from matching.errors import MatchingError
from service.commands.settled import told_in_one_sentence

model_app = typer.Typer(help="The model version that decides.", no_args_is_help=True)

Columns = Annotated[
    list[str], typer.Option("--map", help="canonical=column, once per field")
]
Dates = Annotated[str, typer.Option(help="order of other dates: YMD, MDY or DMY")]
AsJson = Annotated[bool, typer.Option("--json", help="for a program to read")]


@model_app.command()
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
    from matching.evaluate import evaluate as measure
    from matching.model import Model

    with told_in_one_sentence():
        chosen = Model.load(model) if model or shipped else None
        report = measure(
            files, _mapping(columns), truth, dates=_order(dates), model=chosen
        ).as_dict()
    if as_json:
        typer.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2))
        return
    table = Table("", "precision", "recall", "F1")
    for name in ("pairs", "clusters"):
        figures = report[name]
        table.add_row(
            name,
            *(f"{figures[column]:.4f}" for column in ("precision", "recall", "f1")),
        )
    Console().print(table)
    typer.echo(f"{report['records']} records in {report['seconds']} s")


@model_app.command()
def train(
    files: Annotated[list[Path], typer.Argument(help="CSV (.gz too) or Parquet")],
    columns: Columns,
    out: Annotated[Path, typer.Option(help="the bundle to write")],
    dates: Dates = "YMD",
) -> None:
    """Train a model by the recipe, without any answers, and write its bundle."""
    from matching.rows import read_rows
    from matching.train import train_features

    with told_in_one_sentence():
        rows = read_rows(files, _mapping(columns), dates=_order(dates))
        model = train_features([row.features for row in rows])
    out.write_bytes(model.to_bytes())
    typer.echo(f"{out}: model {model.digest[:12]}, from {len(rows)} records")


@model_app.command()
def show(
    path: Annotated[
        Path | None, typer.Argument(help="a bundle, or the shipped")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a model version holds."""
    from matching.model import Model

    with told_in_one_sentence():
        model = Model.load(path)
    facts = {
        "name": model.name,
        "digest": model.digest,
        "description": model.description,
        "match_probability": model.bands.match,
        "review_probability": model.bands.review,
        "blocking_rules": [rule.name for rule in model.rules],
        "golden_pairs": len(model.golden),
        "standardiser": model.standardiser,
        "versions": dict(model.versions),
    }
    if as_json:
        typer.echo(orjson.dumps(facts, option=orjson.OPT_INDENT_2))
        return
    for name, value in facts.items():
        typer.echo(f"{name:18} {value}")


def _mapping(columns: list[str]) -> dict[str, str]:
    found = {}
    for one in columns:
        canonical, equals, column = one.partition("=")
        if not (canonical and equals and column):
            raise MatchingError(f"--map {one}: write it as canonical=column")
        found[canonical] = column
    return found


def _order(dates: str) -> Order:
    if dates not in get_args(Order):
        raise MatchingError(f"--dates {dates}: write YMD, MDY or DMY")
    return cast(Order, dates)
