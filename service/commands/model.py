"""`couture model`: measure, train and show what decides."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.commands import model_versions
from service.commands.command_context import exit_on_error
from service.commands.model_evaluate import evaluate
from service.commands.model_options import AsJson, bundle, tell_json
from service.commands.model_train import train

model_app = typer.Typer(help="The model version that decides.", no_args_is_help=True)

model_app.command()(evaluate)
model_app.command("list")(model_versions.list_)
model_app.command()(model_versions.compare)
model_app.command()(model_versions.promote)
model_app.command()(model_versions.rollback)
model_app.command()(train)


@model_app.command()
def show(
    path: Annotated[
        Path | None, typer.Argument(help="a bundle, or the shipped")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a model version holds."""
    from matching.model.model_version import Model

    with exit_on_error():
        model = bundle(path) if path else Model.load()
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
        return tell_json(facts)
    for name, value in facts.items():
        typer.echo(f"{name:18} {value}")
