"""`couture search`: is a person known already?"""

from __future__ import annotations

from typing import Annotated

import typer

from service.commands.read_context import as_json, reading

_Known = Annotated[str | None, typer.Option()]


def search(  # noqa: PLR0913 - each is an option of the command line
    given_name: _Known = None,
    family_name: _Known = None,
    birth_name: _Known = None,
    full_name: _Known = None,
    birth_date: Annotated[str | None, typer.Option(help="YYYY-MM-DD")] = None,
    email: _Known = None,
    phone: _Known = None,
    card: _Known = None,
    street: Annotated[str | None, typer.Option(help="with its number")] = None,
    postal_code: _Known = None,
    city: _Known = None,
    limit: Annotated[int, typer.Option(min=1, max=50, help="customers shown")] = 10,
    for_program: Annotated[bool, typer.Option("--json", help="for a program")] = False,
) -> None:
    """Find whom a person may be, as the stream would judge it; nothing is written."""
    from service.search.query import asked_for
    from service.search.search import search as search_customers
    from service.search.terminal import search_lines

    with reading() as (connection, judges):
        query = asked_for(
            given_name=given_name,
            family_name=family_name,
            birth_name=birth_name,
            full_name=full_name,
            birth_date=birth_date,
            email=email,
            phone=phone,
            card=card,
            street=street,
            postal_code=postal_code,
            city=city,
        )
        found = search_customers(connection, query, judges=judges, limit=limit)
    if for_program:
        as_json(found)
        return
    for line in search_lines(found):
        typer.echo(line)
