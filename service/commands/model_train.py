"""`couture model train`: learn a model from files, or from the deployment's records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from matching.errors import MatchingError
from service.commands.command_context import exit_on_error, settings_for_command
from service.commands.model_options import AsJson, Dates, mapping, order, tell_json

if TYPE_CHECKING:
    from matching.features.normalise import Features
    from matching.model.model_version import Model
    from matching.training.labelled_pairs import Label, LabelReport

Files = Annotated[list[Path] | None, typer.Argument(help="CSV (.gz too) or Parquet")]
SomeColumns = Annotated[
    list[str], typer.Option("--map", help="canonical=column, once per field")
]


class _Learnt(NamedTuple):
    """What a training reads: records, their names, and what people said of pairs."""

    normalised: Sequence[Features]
    names: Mapping[str, int]
    labels: Sequence[Label]


def train(  # noqa: PLR0913 - each is an option of the command line
    out: Annotated[Path, typer.Option(help="the bundle to write")],
    files: Files = None,
    columns: SomeColumns = [],  # noqa: B006 - typer wants a list
    dates: Dates = "YMD",
    database: Annotated[
        bool, typer.Option("--database", help="learn from the current source records")
    ] = False,
    from_decisions: Annotated[
        bool, typer.Option("--from-decisions", help="stewards' decisions as labels")
    ] = False,
    labels: Annotated[
        Path | None, typer.Option(help="CSV: left,right,verdict (same or different)")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option("--id", help="the column that labels name")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="the HTML report; default: beside the bundle")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train a model by the recipe, without any answers; write bundle and report."""
    from matching.training.labelled_pairs import read_labels

    if bool(files) == database or (from_decisions and not database):
        raise typer.BadParameter("name files with --map, or --database")
    if labels and files and not id_column:
        raise typer.BadParameter("--labels name records of files by a column: add --id")
    with exit_on_error():
        given = read_labels(labels) if labels else []
        learnt = (
            _from_files(files, mapping(columns), dates, id_column, given)
            if files
            else _from_database(from_decisions, given)
        )
        facts = _write(learnt, out, report or _beside(out))
    if as_json:
        return tell_json(facts)
    typer.echo(
        f"{out}: model {facts['digest'][:12]}, from {facts['records']} records;"
        f" report {facts['report']} ({facts['report_bytes'] / 1e6:.1f} MB)"
    )
    if said := facts["labels"]:
        typer.echo(_about(said))


def _beside(out: Path) -> Path:
    return out.with_name(out.name.partition(".")[0] + ".html")


def _from_files(
    files: Sequence[Path],
    columns: dict[str, str],
    dates: str,
    id_column: str | None,
    labels: Sequence[Label],
) -> _Learnt:
    from matching.features.file_records import read_rows

    rows = read_rows(files, columns, truth=id_column, dates=order(dates))
    names = {str(row.truth): i for i, row in enumerate(rows) if row.truth is not None}
    if id_column and len(names) < len(rows):
        raise MatchingError(
            f"--id {id_column}: {len(rows)} rows have {len(names)} different values; "
            "name a column that tells every row apart"
        )
    return _Learnt([row.features for row in rows], names, labels)


def _from_database(from_decisions: bool, labels: Sequence[Label]) -> _Learnt:
    from matching.training.labelled_pairs import Label
    from service.database.connection.session import connect
    from service.database.stewardship import decisions
    from service.model_versions.restandardise import live_ids, standardised

    with (
        settings_for_command() as settings,
        connect(settings.database_url, autocommit=True) as connection,
    ):
        chunks = standardised(connection, live_ids(connection))
        now = [one for chunk in chunks for one in chunk]
        said = decisions.listed(connection) if from_decisions else []
    decided = [
        Label(str(d.left), str(d.right), d.verdict, f"decision {d.decision_id}")
        for d in said
        if d.verdict in ("same", "different")
    ]
    names = {str(one.key): i for i, one in enumerate(now)}
    return _Learnt([one.normalised for one in now], names, [*labels, *decided])


def _write(learnt: _Learnt, out: Path, report: Path) -> dict[str, Any]:
    """Train, write bundle and report; nothing is written before all of it is known."""
    from matching.evaluation.training_report import train_report
    from matching.model.model_version import Model
    from matching.training.labelled_pairs import refuse_contradictions
    from matching.training.train import train_features

    refuse_contradictions(learnt.labels)
    name = out.name.partition(".")[0]
    model = train_features(learnt.normalised, name=name)
    model, said = _with_labels(model, learnt)
    told = train_report(
        model, learnt.normalised, labels=said, beside={"shipped": Model.load()}
    )
    page = told.html().encode()
    try:
        out.write_bytes(model.to_bytes())
        report.write_bytes(page)
    except OSError as error:
        raise MatchingError(f"{error.filename}: {error.strerror}") from error
    return {**told.facts, "report": str(report), "report_bytes": len(page)}


def _with_labels(model: Model, learnt: _Learnt) -> tuple[Model, LabelReport | None]:
    from matching.training.labelled_pairs import learn_from

    if not learnt.labels:
        return model, None
    features = {i: model.freeze(record) for i, record in enumerate(learnt.normalised)}
    return learn_from(model, features, learnt.labels, learnt.names)


def _about(said: Mapping[str, Any]) -> str:
    low, high = said["precision_interval"]
    least, most = said["recall_interval"]
    return (
        f"{said['same']} pairs labelled same, {said['different']} different: of those"
        f" linked {said['precision']:.3f} are right ({low:.3f} to {high:.3f}), of those"
        f" the same {said['recall']:.3f} are linked ({least:.3f} to {most:.3f});"
        f" threshold {said['threshold_before']} -> {said['threshold']}"
    )
