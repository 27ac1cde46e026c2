"""`couture serve`: the HTTP API of this machine."""

from __future__ import annotations

import sys

from service.app import serve as serve_api
from service.errors import ServiceError
from service.logging import configure_logging
from service.settings import Settings


def serve() -> None:
    """Serve the HTTP API at COUTURE_LISTEN until stopped."""
    settings = Settings()
    configure_logging(settings)
    try:
        serve_api(settings)
    except ServiceError as error:
        sys.exit(error.sentence())
