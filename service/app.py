"""The application: one factory wires everything, one function serves it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from functools import partial
from zoneinfo import ZoneInfo

from flask_openapi.models.info import Info
from flask_openapi.openapi import OpenAPI
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from service.access import Keyring, admit, require_declared_scopes
from service.api.cases import cases
from service.api.changes import changes
from service.api.connectors import connectors
from service.api.context import Context, attach
from service.api.cursor import Cursors
from service.api.customers import customers
from service.api.dead_letters import dead_letters
from service.api.documentation import documentation, serve_openapi
from service.api.explanations import explanations
from service.api.handoffs import handoffs
from service.api.health import health
from service.api.history import history
from service.api.insights import insights
from service.api.loyalty import loyalty
from service.api.metrics import measure
from service.api.orders import orders
from service.api.privacy import privacy
from service.api.problems import ProblemAnswer
from service.api.records import records
from service.api.refusals import answer_with_problems, invalid_parameters
from service.api.request_checks import check_requests
from service.api.reviews import reviews
from service.api.search import search
from service.api.security import SCHEMES, guard_answers
from service.api.sources import sources
from service.api.timeline import timeline
from service.api.tokens import await_writes
from service.api.webhooks import webhooks
from service.database import read_pool, readiness
from service.database.read_pool import ReadPool
from service.database.session import connect
from service.errors import Misconfigured, PortTaken
from service.logging import configure_logging
from service.ports import is_free
from service.settings import Settings
from service.steward_ui import furnished

# The server's own lines go where ours go, and through the same redaction.
_SERVER_LOGS = {
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"handlers": [], "propagate": True}},
}
BLUEPRINTS = (
    customers,
    search,
    explanations,
    loyalty,
    orders,
    timeline,
    cases,
    insights,
    records,
    reviews,
    dead_letters,
    connectors,
    privacy,
    sources,
    changes,
    webhooks,
    history,
    handoffs,
    health,
)


def create_app(settings: Settings, *, pool: ReadPool | None = None) -> OpenAPI:
    """Return the API; raise Misconfigured if a route declares no scope."""
    pool = pool or read_pool.open_pool(settings.database_url, size=settings.api_threads)
    app = OpenAPI(
        __name__,
        info=Info(
            title="Couture",
            version="1",
            description="One golden record per customer, the same in every channel.",
        ),
        security_schemes=SCHEMES,
        validation_error_model=ProblemAnswer,
        validation_error_callback=invalid_parameters,
        doc_ui=False,
        static_folder=None,
    )
    app.openapi_version = "3.1.0"
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    cursors, zone = Cursors(settings.cursor_secret), ZoneInfo(settings.time_zone)
    places = settings.api_listeners or max(1, settings.api_threads // 4)
    context = Context(
        pool,
        cursors,
        listeners=threading.BoundedSemaphore(places),
        zone=zone,
        webhooks_inside=settings.webhooks_inside,
    )
    attach(app, context)
    _wire(app, pool, waiters=max(1, settings.api_threads // 2))
    furnished(app, settings, pool=pool, judges=context.judges)
    require_declared_scopes(app)
    return app


def _wire(app: OpenAPI, pool: ReadPool, *, waiters: int) -> None:
    # In this order a request is timed, checked, admitted; headers come on last.
    measure(app, pool)
    check_requests(app)
    admit(app, Keyring(pool))
    await_writes(app, waiters=waiters)
    guard_answers(app)
    answer_with_problems(app)
    for blueprint in BLUEPRINTS:
        app.register_api(blueprint)
    app.register_blueprint(documentation)
    serve_openapi(app)


def address(settings: Settings) -> tuple[str, int]:
    """Return host and port to listen on; raise Misconfigured for anything else."""
    host, _, port = settings.listen.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise Misconfigured(
            "COUTURE_LISTEN is not host:port.", remedy="Set it like 127.0.0.1:8080."
        )
    return host.strip("[]"), int(port)


def serve(settings: Settings) -> None:
    """Serve until told to stop; raise at once if port or database are not there."""
    host, port = address(settings)
    if not is_free(port, host=host):
        raise PortTaken(f"Port {port} is in use, the API needs it.")
    with connect(settings.database_url) as connection:
        readiness.require_migrated(connection, settings.database_url)
    if settings.api_workers > 1 and not settings.cursor_secret:
        # One process must open the cursors that another sealed.
        secret = os.urandom(32).hex()
        settings = settings.model_copy(update={"cursor_secret": secret})
    server = Server(
        "service.app:create_app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.api_workers,
        blocking_threads=settings.api_threads,
        log_level=LogLevels.warning,
        log_dictconfig=_SERVER_LOGS,
        websockets=False,
        workers_kill_timeout=5,
    )
    server.serve(
        target_loader=partial(_load, settings, os.getpid()),
        wrap_loader=False,
    )


def _load(settings: Settings, parent: int) -> OpenAPI:
    """Make the application in a worker, which must not outlive the server."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            sys.exit(1)
    configure_logging(settings)
    return create_app(settings)
