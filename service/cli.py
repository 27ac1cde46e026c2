"""The `couture` command: a table of contents, one small file per group of commands."""

from __future__ import annotations

import typer

from service.commands import parts, together
from service.commands.audit import audit
from service.commands.decisions import decide, decisions_app
from service.commands.keys import keys_app
from service.commands.model import model_app
from service.commands.serve import serve

app = typer.Typer(
    help="One golden record per customer, the same in every channel.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(together.up)
app.command()(together.demo)
app.command()(parts.migrate)
app.command()(parts.resolve)
app.command()(parts.relay)
app.command()(serve)
app.command()(parts.connect)
app.command()(parts.load)
app.command()(audit)
app.command()(decide)
app.add_typer(decisions_app, name="decisions")
app.add_typer(keys_app, name="key")
app.add_typer(model_app, name="model")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
