"""`couture coherence`: is every channel told the same, now?"""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated

import orjson
import typer

from service.commands.command_context import settings_for_command

CHANNELS = 4
_WHOM = 200
_LOOK_AGAIN_S = 5.0


def coherence(
    url: Annotated[str, typer.Option(help="the API")] = "http://127.0.0.1:8080",
    seconds: Annotated[float, typer.Option(min=0.1, help="so long")] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="for a program")] = False,
) -> None:
    """Let four channels ask for the same customers at once, and compare the answers.

    Asks for those that changed last, by id and by source key, with keys of its own that
    end with it. Exits 1 if two answers of one version differed, if a version went back,
    or if nothing could be compared. The newest result is shown at /metrics.
    """
    from service.access import create_key, revoke_key
    from service.database.connection.session import connect
    from service.database.verification import coherence_checks
    from service.verification.coherence import Asking, Probe

    with settings_for_command() as settings:
        database = settings.database_url
        keys = [
            create_key(database, channel=f"coherence_{n}", scopes=["customers:read"])
            for n in range(1, CHANNELS + 1)
        ]
        try:
            asking = Asking(Probe(url, keys=keys))
            until = time.monotonic() + seconds
            with connect(database, autocommit=True) as connection:
                while (left := until - time.monotonic()) > 0:
                    asking.about(
                        coherence_checks.lately_changed(connection, limit=_WHOM)
                    )
                    time.sleep(min(left, _LOOK_AGAIN_S))
                found = asking.stop()
                coherence_checks.add(
                    connection, asked=found.asked, coherent=found.coherent
                )
        finally:
            for key in keys:
                revoke_key(database, key.split("_")[1])
    if as_json:
        typer.echo(orjson.dumps(asdict(found), option=orjson.OPT_INDENT_2))
    else:
        typer.echo(f"{found.coherent} of {found.asked} answers were coherent")
        for difference in found.differing:
            typer.echo(difference)
    if not found.asked or found.coherent != found.asked:
        raise typer.Exit(1)
