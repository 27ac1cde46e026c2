"""`couture how`: how a customer was built."""

from __future__ import annotations

from typing import Annotated

import typer

from service.commands.read_context import as_json, reading


def how(
    customer: Annotated[str, typer.Argument(help="a customer id or a source key")],
    for_program: Annotated[bool, typer.Option("--json", help="for a program")] = False,
) -> None:
    """Show how a customer was built: its unions as a tree, the weakest link marked."""
    from service.explanation.customer import explain_customer
    from service.explanation.terminal import how_lines
    from service.explanation.why import UnknownSubject, customer_of, named

    with reading() as (connection, judges):
        asked = named(customer)
        customer_id = customer_of(connection, asked)
        told = explain_customer(connection, customer_id, judges=judges)
        if told is None:
            raise UnknownSubject(asked)
    if for_program:
        as_json(told)
        return
    for line in how_lines(told):
        typer.echo(line)
