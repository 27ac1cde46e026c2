"""`couture model list`, `compare`, `promote`, `rollback`: one version for another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from matching.errors import MatchingError
from service.commands.command_context import settings_for_command
from service.commands.model_options import (
    AsJson,
    Columns,
    Dates,
    chosen,
    mapping,
    order,
    tell_json,
)

if TYPE_CHECKING:
    from service.database.connection.session import Connection
    from service.model_versions.promote import Promoted

Yes = Annotated[bool, typer.Option("--yes", help="do it; else only tell")]
Force = Annotated[bool, typer.Option("--force", help="whatever the guard says")]
MostChanged = Annotated[
    float, typer.Option(help="share of customers that may change", min=0, max=1)
]


def list_(as_json: AsJson = False) -> None:
    """List the stored model versions: which decides, since when."""
    from service.database.clusters import model_versions
    from service.database.connection.session import connect

    with (
        settings_for_command() as settings,
        connect(settings.database_url) as connection,
    ):
        stored = model_versions.versions(connection)
        switches = model_versions.promotions(connection)
    if as_json:
        versions = [one._asdict() for one in stored]
        return tell_json(
            {"versions": versions, "promotions": [one._asdict() for one in switches]}
        )
    table = Table("model", "active", "promoted", "added", "bytes")
    for one in stored:
        when = f"{one.promoted_at:%Y-%m-%d %H:%M}" if one.promoted_at else "never"
        active = "yes" if one.active else ""
        added = f"{one.added_at:%Y-%m-%d %H:%M}"
        table.add_row(one.digest[:12], active, when, added, str(one.bundle_bytes))
    Console().print(table)


def compare(  # noqa: PLR0913 - each is an option of the command line
    old: Annotated[str, typer.Argument(help="a bundle, `active`, `shipped`, a digest")],
    new: Annotated[str, typer.Argument(help="the same")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="CSV (.gz too) or Parquet")
    ] = None,
    columns: Columns = [],  # noqa: B006 - typer wants a list
    dates: Dates = "YMD",
    database: Annotated[
        bool, typer.Option("--database", help="on the records of the database")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell which clusters would join, split or stay from one model to another."""
    from service.database.connection.session import connect

    if bool(files) == database:
        raise typer.BadParameter("name files with --map, or --database")
    with settings_for_command() as settings:
        if files:
            return _tell_difference(
                _on_files(old, new, files, mapping(columns), dates), as_json
            )
        with connect(settings.database_url, autocommit=True) as connection:
            _tell_difference(_on_database(connection, old, new), as_json)


def promote(
    bundle: Annotated[str, typer.Argument(help="a bundle, or a stored digest")],
    yes: Yes = False,
    force: Force = False,
    most_changed: MostChanged = 0.05,
    as_json: AsJson = False,
) -> None:
    """Show what a model would change; with --yes let it decide, ids kept."""
    _switch(bundle, yes, None if force else most_changed, as_json)


def rollback(
    yes: Yes = False,
    force: Force = False,
    most_changed: MostChanged = 0.05,
    as_json: AsJson = False,
) -> None:
    """Promote the model that decided before: the former clusters, the same ids."""
    _switch("previous", yes, None if force else most_changed, as_json)


def _switch(name: str, yes: bool, most_changed: float | None, as_json: bool) -> None:
    from service.database.connection.session import connect
    from service.model_versions.promote import promote as run

    with (
        settings_for_command() as settings,
        connect(settings.database_url, autocommit=True) as connection,
    ):
        model = chosen(name, connection)
        done = run(connection, model, dry_run=not yes, most_changed=most_changed)
    if as_json:
        return tell_json(done.as_dict())
    _tell_difference(done.difference.as_dict(), False)
    typer.echo(_outcome(done))


def _outcome(done: Promoted) -> str:
    if done.written is None:
        return (
            f"Nothing was written. Promote {done.digest[:12]} over {done.records}"
            " records with --yes."
        )
    return f"The model {done.digest[:12]} decides; {done.written} customers written."


def _on_files(
    old: str, new: str, files: list[Path], columns: dict[str, str], dates: str
) -> dict[str, Any]:
    from matching.evaluation.cluster_difference import compare_models
    from matching.features.file_records import read_rows

    if "active" in (old, new):
        raise MatchingError("`active` is a model of the database: add --database")
    rows = read_rows(files, columns, dates=order(dates))
    normalised = [row.features for row in rows]
    found = compare_models(chosen(old, None), chosen(new, None), normalised)
    return found.as_dict() | {
        "examples": [
            {
                "kind": one.kind.value,
                "before": [sorted(group) for group in one.before],
                "after": [sorted(group) for group in one.after],
            }
            for one in found.regroupings[:20]
        ]
    }


def _on_database(connection: Connection, old: str, new: str) -> dict[str, Any]:
    from service.database.clusters import shadow_run as shadow
    from service.model_versions.difference import difference
    from service.model_versions.shadow_run import shadow_run

    found = []
    for model in (chosen(old, connection), chosen(new, connection)):
        shadow_run(connection, model)
        found.append(shadow.clusters(connection))
    return difference(connection, *found).as_dict()


def _tell_difference(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        return tell_json(found)
    table = Table("", "")
    for name, value in found.items():
        if name == "examples":
            continue
        if isinstance(value, dict):
            value = ", ".join(f"{k} {v}" for k, v in value.items()) or "none"
        table.add_row(name.replace("_", " "), str(value))
    Console().print(table)
    for one in found["examples"]:
        sides = (one["before"], one["after"])
        was, now = (" | ".join(" ".join(map(str, g)) for g in side) for side in sides)
        typer.echo(f"{one['kind']}: {was} -> {now}")
