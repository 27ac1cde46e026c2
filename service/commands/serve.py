"""`couture serve`: the HTTP API of this machine."""

from __future__ import annotations

from service.commands.command_context import settings_for_command


def serve() -> None:
    """Serve the HTTP API at COUTURE_LISTEN until stopped."""
    # Here, not above: the other commands start without the web's libraries.
    from service.app import serve as serve_api

    with settings_for_command() as settings:
        serve_api(settings)
