"""The `couture` command: a table of contents, one small file per group of commands."""

from __future__ import annotations

import os
import sys

import typer

from service.commands import local, processes
from service.commands.accounts import people_app
from service.commands.audit import audit
from service.commands.bench import bench_app
from service.commands.coherence import coherence
from service.commands.connectors import connector_app, connectors
from service.commands.coverage import coverage
from service.commands.customer import customer_app
from service.commands.dead_letters import deadletters_app
from service.commands.decisions import decide, decisions_app
from service.commands.doctor import doctor
from service.commands.how import how
from service.commands.keys import keys_app
from service.commands.load import load
from service.commands.model import model_app
from service.commands.programmes import programmes_app
from service.commands.reviews import reviews
from service.commands.search import search
from service.commands.serve import serve
from service.commands.sweeps import sweeps_app
from service.commands.verify import verify
from service.commands.why import why

app = typer.Typer(
    help="One golden record per customer, the same in every channel.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(local.up)
app.command()(local.demo)
app.command()(processes.migrate)
app.command()(processes.resolve)
app.command()(processes.relay)
app.command()(serve)
app.command()(processes.connect)
app.command()(connectors)
app.command()(load)
app.command()(audit)
app.command()(verify)
app.command()(doctor)
app.command()(coherence)
app.command()(search)
app.command()(why)
app.command()(how)
app.command()(decide)
app.command()(reviews)
model_app.command()(coverage)
app.add_typer(bench_app, name="bench")
app.add_typer(connector_app, name="connector")
app.add_typer(customer_app, name="customer")
app.add_typer(deadletters_app, name="deadletters")
app.add_typer(decisions_app, name="decisions")
app.add_typer(keys_app, name="key")
app.add_typer(model_app, name="model")
app.add_typer(people_app, name="people")
app.add_typer(programmes_app, name="programmes")
app.add_typer(sweeps_app, name="sweeps")


def main() -> None:
    """Run the command line; a failure is one sentence, and the last thing said."""
    try:
        app()
    except SystemExit as ended:
        if not isinstance(ended.code, str):
            raise
        sys.stdout.flush()
        print(ended.code, file=sys.stderr, flush=True)  # noqa: T201
        # Libraries that look for leaks at the end of Python would speak after it.
        os._exit(1)


if __name__ == "__main__":
    main()
