"""What the commands on models share: columns, dates, and which model is meant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import orjson
import typer

from matching.errors import MatchingError
from matching.features.dates import Order

if TYPE_CHECKING:
    from matching.model.model_version import Model
    from service.database.connection.session import Connection

Columns = Annotated[
    list[str], typer.Option("--map", help="canonical=column, once per field")
]
Dates = Annotated[str, typer.Option(help="order of other dates: YMD, MDY or DMY")]
AsJson = Annotated[bool, typer.Option("--json", help="for a program to read")]


def mapping(columns: list[str]) -> dict[str, str]:
    """Return the column of each canonical field; raises MatchingError."""
    found = {}
    for one in columns:
        canonical, equals, column = one.partition("=")
        if not (canonical and equals and column):
            raise MatchingError(f"--map {one}: write it as canonical=column")
        found[canonical] = column
    return found


def order(dates: str) -> Order:
    """Return the order of the parts of a date; raises MatchingError."""
    if dates not in get_args(Order):
        raise MatchingError(f"--dates {dates}: write YMD, MDY or DMY")
    return cast(Order, dates)


def bundle(path: Path) -> Model:
    """Return the model of a bundle file; raises MatchingError if there is none."""
    from matching.model.model_version import Model

    try:
        return Model.load(path)
    except OSError as error:
        raise MatchingError(
            f"{path}: {error.strerror}; name a bundle that `couture model train` wrote"
        ) from error


def chosen(name: str, connection: Connection | None) -> Model:
    """Return the model that a word means: a path, `shipped`, or a stored version.

    Stored versions are `active`, `previous` or the beginning of a digest.
    """
    from matching.model.model_version import Model

    if name == "shipped":
        return Model.load()
    path = Path(name)
    if connection is None or path.exists():
        return bundle(path)
    return _stored(name, connection)


def _stored(name: str, connection: Connection) -> Model:
    from service.database.clusters import model_versions

    if name == "previous":
        return model_versions.previous(connection)
    if name != "active":
        return model_versions.stored(connection, name)
    found = model_versions.active(connection)
    if found is None:
        raise model_versions.UnknownModel("No model version is active yet.")
    return found


def tell_json(value: Any) -> None:
    """Write a value as JSON."""
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2))
