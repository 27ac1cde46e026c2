"""`couture decide`, `couture decisions`: what stewards said of two records."""

from __future__ import annotations

import getpass
from typing import Annotated

import orjson
import typer

from matching.clustering.cluster import Verdict
from schemas.source_key import SourceKey
from service.commands.command_context import settings_for_command
from service.database.connection.session import Connection, connect
from service.database.stewardship.decisions import Decided
from service.errors import Misconfigured

decisions_app = typer.Typer(help="What stewards decided of pairs of records.")

Reason = Annotated[str | None, typer.Option(help="why, for those who ask later")]
Steward = Annotated[
    str | None, typer.Option(help="who decides; default: who is logged in here")
]
AsJson = Annotated[bool, typer.Option("--json", help="for a program to read")]


def decide(
    left: Annotated[str, typer.Argument(help="a source key, such as pos:C-1042")],
    right: Annotated[str, typer.Argument(help="another")],
    verdict: Annotated[Verdict, typer.Argument(help="same or different")],
    reason: Reason = None,
    steward: Steward = None,
    as_json: AsJson = False,
) -> None:
    """Say that two records are the same person, or are not; it binds the resolver."""
    from service.stewardship import decisions as stewardship

    with (
        settings_for_command() as settings,
        _connected(settings.database_url) as connection,
    ):
        made = stewardship.decide(
            connection,
            _key(left),
            _key(right),
            verdict,
            steward=steward or getpass.getuser(),
            reason=reason,
        )
        _tell([made], as_json)


@decisions_app.callback(invoke_without_command=True)
def list_(
    context: typer.Context,
    revoked_too: Annotated[
        bool, typer.Option("--all", help="revoked ones too")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the decisions in force."""
    from service.database.stewardship import decisions

    if context.invoked_subcommand:
        return
    with (
        settings_for_command() as settings,
        _connected(settings.database_url) as connection,
    ):
        _tell(decisions.listed(connection, revoked_too=revoked_too), as_json)


@decisions_app.command()
def revoke(
    decision_id: Annotated[int, typer.Argument(help="as `couture decisions` lists it")],
    reason: Reason = None,
    steward: Steward = None,
    as_json: AsJson = False,
) -> None:
    """Take a decision back; it stays in the list of all."""
    from service.stewardship import decisions as stewardship

    with (
        settings_for_command() as settings,
        _connected(settings.database_url) as connection,
    ):
        who = steward or getpass.getuser()
        gone = stewardship.revoke(connection, decision_id, steward=who, reason=reason)
        _tell([gone], as_json)


def _connected(database_url: str) -> Connection:
    from service.database.connection.schema_version import require_migrated

    connection = connect(database_url, name="couture-decide", autocommit=True)
    require_migrated(connection, database_url)
    return connection


def _key(text: str) -> SourceKey:
    try:
        return SourceKey.parse(text)
    except ValueError as error:
        raise Misconfigured(f"{text}: {error}.") from error


def _tell(decided: list[Decided], as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps([_document(one) for one in decided]))
        return
    for one in decided:
        state = f"  revoked by {one.revoked_by}" if one.revoked_at else ""
        reason = f"  {one.reason}" if one.reason else ""
        typer.echo(
            f"{one.decision_id}  {one.left} {one.verdict} {one.right}"
            f"  {one.steward}  {one.decided_at:%Y-%m-%d %H:%M}{reason}{state}"
        )


def _document(one: Decided) -> dict[str, object]:
    return one._asdict() | {"left": str(one.left), "right": str(one.right)}
