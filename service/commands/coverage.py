"""`couture model coverage`: what the blocking rules reach, and what they may miss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from service.commands.command_context import exit_on_error
from service.commands.model_options import (
    AsJson,
    Dates,
    bundle,
    mapping,
    order,
    tell_json,
)

if TYPE_CHECKING:
    from matching.evaluation.blocking_coverage_report import Coverage
    from matching.model.model_version import Model


class _Given(NamedTuple):
    """Records to look at, and their links if they are known."""

    model: Model
    chunks: Iterable[Mapping[int, dict[str, Any]]]
    links: list[tuple[int, int]] | None


def coverage(  # noqa: PLR0913 - each is an option of the command line
    files: Annotated[
        list[Path] | None, typer.Argument(help="CSV (.gz too) or Parquet; or none")
    ] = None,
    columns: Annotated[
        list[str] | None, typer.Option("--map", help="canonical=column, with files")
    ] = None,
    dates: Dates = "YMD",
    model: Annotated[
        Path | None, typer.Option(help="a bundle; default: shipped, or active")
    ] = None,
    biggest: Annotated[int, typer.Option(min=0, help="keys to show")] = 10,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="of the keys: personal data")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell what each blocking rule reaches in files or, without any, the database."""
    from matching.evaluation.blocking_coverage import coverage as cover

    with exit_on_error():
        given = (
            _from_files(files, columns or [], dates, model)
            if files
            else _from_database(model)
        )
        with given as (judge, chunks, links):
            report = cover(
                judge, chunks, links=links, biggest=biggest, show_values=show_values
            )
    if as_json:
        tell_json(report.as_dict())
        return
    _draw(report)


@contextmanager
def _from_files(
    files: list[Path], columns: list[str], dates: str, path: Path | None
) -> Iterator[_Given]:
    from matching.features.file_records import read_rows
    from matching.model.model_version import Model

    judge = bundle(path) if path else Model.load()
    rows = read_rows(files, mapping(columns), dates=order(dates))
    features = {
        number: judge.freeze(row.features) for number, row in enumerate(rows, start=1)
    }
    yield _Given(judge, [features], None)


@contextmanager
def _from_database(path: Path | None) -> Iterator[_Given]:
    from matching.model.model_version import Model
    from service.commands.read_context import reading
    from service.database.batches import snapshot_export
    from service.database.clusters import model_versions

    with reading() as (connection, _):
        active = model_versions.active(connection)
        judge = bundle(path) if path else active or Model.load()
        chunks = snapshot_export.features(connection)
        # the links of another model would tell of its rules, not of these
        same = active is not None and judge.digest == active.digest
        match = judge.bands.match
        links = snapshot_export.linked(connection, match=match) if same else None
        yield _Given(judge, chunks, links)


def _draw(report: Coverage) -> None:
    typer.echo(
        f"{report.records} records: {report.without_key} without a key,"
        f" {report.never_compared} never compared with another;"
        f" {report.suspended_keys} keys suspended;"
        f" {report.pairs} pairs, {report.links} links"
    )
    table = Table("rule", "records", "pairs", "alone", "links", "alone", "share")
    for rule in report.rules:
        figures = (rule.records, rule.pairs, rule.pairs_alone, rule.links)
        share = f"{rule.links_share:.1%}"
        counts = (f"{figure:,}" for figure in (*figures, rule.links_alone))
        table.add_row(rule.rule, *counts, share)
    Console().print(table)
    for key in report.biggest:
        note = ", suspended" if key.suspended else ""
        values = " + ".join(key.values)
        typer.echo(f"  {key.records:>7} records: {key.rule} {values}{note}")
    missed = report.missed
    if missed.estimate is None or missed.share_of_matches is None:
        typer.echo("No estimate of missed matches: rules of one kind found none.")
        return
    typer.echo(
        f"Estimate: {missed.estimate:.0f} matches share no key"
        f" ({missed.low:.0f} to {missed.high:.0f},"
        f" {missed.share_of_matches:.2%} of all). {missed.method}."
    )
