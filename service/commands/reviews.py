"""`couture reviews`: what waits for a steward, and junk values that find nobody."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer

from matching.clustering.reviews import Kind
from service.commands.command_context import settings_for_command


def reviews(
    kind: Annotated[Kind | None, typer.Option(help="only cases of this kind")] = None,
    limit: Annotated[int, typer.Option(help="cases to show", min=1)] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="for a program")] = False,
) -> None:
    """List the open cases, those first in which a wrong answer would harm most."""
    from service.database.connection.session import connect
    from service.database.stewardship import reviews as review_reads

    with (
        settings_for_command() as settings,
        connect(settings.database_url, autocommit=True) as connection,
    ):
        counts = review_reads.counts(connection)
        found = review_reads.page(connection, kind=kind, limit=limit)
    if as_json:
        told = {"counts": counts, "reviews": [one._asdict() for one in found]}
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        return
    total = ", ".join(f"{n} {name}" for name, n in sorted(counts.items()))
    typer.echo(total or "no case is open")
    for one in found:
        typer.echo(
            f"{one.review_id:>8}  {one.harm:6.1f}  {one.kind:13}"
            f" {one.left_key}  {one.right_key}  {one.why}"
        )
