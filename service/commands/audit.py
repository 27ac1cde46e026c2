"""`couture audit`: does the stream stand where a batch would?"""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING, Annotated

import orjson
import structlog
import typer

from service.commands.command_context import settings_for_command
from service.errors import Misconfigured, ServiceError
from service.settings import Settings

if TYPE_CHECKING:
    from service.verification.audit import AuditReport

log = structlog.get_logger()

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def audit(
    as_json: Annotated[bool, typer.Option("--json", help="for a program")] = False,
    every: Annotated[
        str | None, typer.Option(help="again and again, such as 1h or 30m")
    ] = None,
) -> None:
    """Re-run the batch over a snapshot; exit 1 if the live state differs from it."""
    with settings_for_command() as settings:
        if every is not None:
            _on_and_on(settings, _seconds(every))
        report = _once(settings)
    if as_json:
        typer.echo(orjson.dumps(report.as_dict(), option=orjson.OPT_INDENT_2))
    else:
        _tell(report)
    if report.differences:
        sys.exit(1)


def _once(settings: Settings) -> AuditReport:
    from matching.model.model_version import Model
    from matching.scoring.scorer import Scorer
    from service.database.clusters import model_versions
    from service.database.connection.schema_version import require_migrated
    from service.database.connection.session import connect
    from service.verification.audit import audit as run_audit
    from service.verification.audit import keep

    url = settings.database_url
    with connect(url, name="couture-audit", autocommit=True) as connection:
        require_migrated(connection, url)
        # Not activated where none is: an audit writes nothing but what it found.
        model = model_versions.active(connection) or Model.load()
        Scorer(
            model, beside_splink=True
        )  # raises UnusableModel if it does not score here as it was made
        report = run_audit(connection, model)
        keep(connection, report)
    return report


def _on_and_on(settings: Settings, seconds: float) -> None:
    while True:
        began = time.monotonic()
        try:
            report = _once(settings)
        except ServiceError as error:
            if not error.retriable:
                raise
            log.warning("audit failed, trying again", error=type(error).__name__)
        else:
            say = log.error if report.differences else log.info
            say(
                "audited",
                records=report.records,
                counts={"differences": report.differences},
                seconds=round(time.monotonic() - began, 1),
            )
        time.sleep(max(0.0, seconds - (time.monotonic() - began)))


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+)([smhd])", text.strip())
    if not found or not int(found[1]):
        raise Misconfigured(
            f"--every {text} is no time.", remedy="Such as 30m, 1h or 1d."
        )
    return float(int(found[1]) * _UNITS[found[2]])


def _tell(report: AuditReport) -> None:
    typer.echo(
        f"{report.records} records, {report.pairs} pairs, {report.customers}"
        f" customers, {report.unfinished} not yet resolved:"
        f" {report.differences} differences"
    )
    for name, found in vars(report).items():
        for example in getattr(found, "examples", []):
            typer.echo(f"  {name.replace('_', ' ')}: {example}")
