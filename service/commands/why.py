"""`couture why`: why two records or customers are one, or why not."""

from __future__ import annotations

from typing import Annotated

import typer

from service.commands.read_context import as_json, reading


def why(
    left: Annotated[str, typer.Argument(help="a source key or a customer id")],
    right: Annotated[str, typer.Argument(help="a source key or a customer id")],
    for_program: Annotated[bool, typer.Option("--json", help="for a program")] = False,
) -> None:
    """Tell why two records or customers are one, or why not, field by field."""
    from service.explanation.terminal import why_lines
    from service.explanation.why import named
    from service.explanation.why import why as explain_two

    with reading() as (connection, judges):
        told = explain_two(connection, named(left), named(right), judges=judges)
    if for_program:
        as_json(told)
        return
    for line in why_lines(told):
        typer.echo(line)
