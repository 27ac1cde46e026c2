"""`couture verify`: is everything captured, kept, and told as it was captured?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from service.commands.command_context import settings_for_command

if TYPE_CHECKING:
    from service.verification.repair import Plan
    from service.verification.verify import Report

AsJson = Annotated[bool, typer.Option("--json", help="for a program to read")]


def verify(
    topics: Annotated[
        bool, typer.Option(help="read the topics too; needs the broker")
    ] = True,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="make every golden record again")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="say what a repair would do")
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="with --repair: do it, do not only say it")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Reconcile topics, source records, clusters and golden records.

    Names what differs and exits 1; writes nothing without --repair --apply. `couture
    audit` compares the clusters with a batch; sources are read anew by `couture
    connect SYSTEM --resnapshot`.
    """
    if apply and not repair:
        raise typer.BadParameter("it needs --repair", param_hint="--apply")
    from service.database.connection.schema_version import require_migrated
    from service.database.connection.session import connect
    from service.verification import repair as repairs
    from service.verification.verify import verify as run

    with settings_for_command() as settings:
        url = settings.database_url
        with connect(url, name="couture-verify", autocommit=True) as connection:
            require_migrated(connection, url)
            report = run(
                connection,
                settings,
                with_topics=topics,
                with_rebuild=rebuild,
                say=_progress,
            )
            plan = repairs.plan(report) if repair else None
            if plan is not None and apply:
                repairs.apply(connection, plan, consumer=settings.consumer)
    _tell(report, plan, applied=apply, as_json=as_json)
    if report.differences:
        sys.exit(1)


def _progress(step: str) -> None:
    if sys.stderr.isatty():
        typer.echo(f"comparing: {step}", err=True)


def _tell(report: Report, plan: Plan | None, *, applied: bool, as_json: bool) -> None:
    told = report.as_dict()
    if plan is not None:
        told["repair"] = {"applied": applied, **plan.as_dict()}
    if as_json:
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        return
    counts = ", ".join(
        f"{n} {name.replace('_', ' ')}" for name, n in report.counts.items()
    )
    typer.echo(f"{counts}: {report.differences} differences")
    for kind, found in told["kinds"].items():
        for name in found["examples"]:
            typer.echo(f"  {kind.replace('_', ' ')}: {name}")
    if plan is not None:
        typer.echo("repaired:" if applied else "a repair would (--apply does it):")
        for step, what in plan.as_dict().items():
            if what:
                typer.echo(f"  {step.replace('_', ' ')}: {what}")
