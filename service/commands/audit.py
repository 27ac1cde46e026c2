"""`couture audit`: does the stream stand where a batch would?"""

from __future__ import annotations

import sys
from typing import Annotated

import orjson
import typer

from service.commands.settled import settled


def audit(
    as_json: Annotated[bool, typer.Option("--json", help="for a program")] = False,
) -> None:
    """Re-run the batch over a snapshot; exit 1 if the live state differs from it."""
    from service.audit import audit as run_audit
    from service.database.session import connect
    from service.resolver.worker import load_judge

    with (
        settled() as settings,
        connect(settings.database_url, autocommit=True) as connection,
    ):
        report = run_audit(connection, load_judge(connection).model)
    if as_json:
        typer.echo(orjson.dumps(report.as_dict(), option=orjson.OPT_INDENT_2))
    else:
        typer.echo(
            f"{report.records} records, {report.pairs} pairs, {report.customers}"
            f" customers, {report.unfinished} not yet resolved:"
            f" {report.differences} differences"
        )
        for name, found in vars(report).items():
            for example in getattr(found, "examples", []):
                typer.echo(f"  {name.replace('_', ' ')}: {example}")
    if report.differences:
        sys.exit(1)
