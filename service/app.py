"""The application: one factory wires everything, one function serves it."""

from __future__ import annotations

import os
import signal
import threading
from functools import partial
from zoneinfo import ZoneInfo

from flask_openapi.models.info import Info
from flask_openapi.openapi import OpenAPI
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from service.access import Keyring, authenticate, require_declared_scopes
from service.api.http.context import Context, attach
from service.api.http.cursor import Cursors
from service.api.http.error_handlers import answer_with_problems, invalid_parameters
from service.api.http.metrics import measure
from service.api.http.openapi import documentation, serve_openapi
from service.api.http.problems import ProblemAnswer
from service.api.http.read_your_writes import await_writes
from service.api.http.request_checks import check_requests
from service.api.http.security_headers import SCHEMES, set_security_headers
from service.api.views.cases import cases
from service.api.views.changes import changes
from service.api.views.connectors import connectors
from service.api.views.customers import customers
from service.api.views.dead_letters import dead_letters
from service.api.views.explanations import explanations
from service.api.views.handoffs import handoffs
from service.api.views.health import health
from service.api.views.history import history
from service.api.views.insights import insights
from service.api.views.loyalty import loyalty
from service.api.views.orders import orders
from service.api.views.privacy import privacy
from service.api.views.records import records
from service.api.views.reviews import reviews
from service.api.views.search import search
from service.api.views.sources import sources
from service.api.views.timeline import timeline
from service.api.views.webhooks import webhooks
from service.database.connection import pools, schema_version
from service.database.connection.pools import Pool
from service.database.connection.session import connect
from service.errors import Misconfigured, PortTaken
from service.logging import configure_logging
from service.runtime.parent_death import die_when_parent_dies
from service.runtime.ports import is_free
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


def create_app(settings: Settings, *, pool: Pool | None = None) -> OpenAPI:
    """Return the API; raise Misconfigured if a route declares no scope."""
    pool = pool or pools.open_pool(settings.database_url, size=settings.api_threads)
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


def _wire(app: OpenAPI, pool: Pool, *, waiters: int) -> None:
    # In this order a request is timed, checked, admitted; headers come on last.
    measure(app, pool)
    check_requests(app)
    authenticate(app, Keyring(pool))
    await_writes(app, waiters=waiters)
    set_security_headers(app)
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
        schema_version.require_migrated(connection, settings.database_url)
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
    die_when_parent_dies(parent, signal.SIGTERM)
    configure_logging(settings)
    return create_app(settings)
