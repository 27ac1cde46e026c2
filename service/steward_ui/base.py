"""What every page shares: who is there, forms that are ours, headers, error pages."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import psycopg
import structlog
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
)
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from service.access import PERSON, declared_scope
from service.database.connection import pools
from service.database.connection.pools import Pool
from service.database.connection.session import Connection, connect
from service.errors import ServiceError
from service.logging import told
from service.model_versions.scorer_pool import ScorerPool
from service.stewardship import accounts
from service.stewardship.accounts import SignedInUser

log = structlog.get_logger()
Answer = TypeVar("Answer")
COOKIE = "couture_session"
_NAME = "couture_room"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
csrf = CSRFProtect()
pages = Blueprint(
    "steward",
    __name__,
    url_prefix="/steward",
    template_folder="templates",
    static_folder=None,
)


@dataclass(frozen=True, slots=True)
class PageContext:
    """What the pages need of the application."""

    pool: Pool
    judges: ScorerPool
    points_limit: int


def install(app: Flask, room: PageContext, *, secret: str) -> None:
    """Give the application what the pages need; `secret` seals their forms."""
    app.extensions[_NAME] = room
    sealed = hashlib.sha256(b"couture forms" + (secret.encode() or os.urandom(32)))
    app.secret_key = sealed.digest()
    app.config.update(
        SESSION_COOKIE_NAME="couture_forms",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/steward",
        SESSION_COOKIE_HTTPONLY=True,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    csrf.init_app(app)


def page_context() -> PageContext:
    """Return what the pages of the application that serves this request need."""
    found: PageContext = current_app.extensions[_NAME]
    return found


def read(query: Callable[[Connection], Answer]) -> Answer:
    """Return the answer of one read."""
    return pools.read(page_context().pool, query)


def write(work: Callable[[Connection], Answer]) -> Answer:
    """Return what the work returns, committed; it must be idempotent."""
    return pools.write(page_context().pool, work)


def load_scorer() -> None:
    """Load the scorer beside this request: the first case finds it there.

    Only where people come in: it is most of the memory of an API's process.
    """
    pool, judges = page_context().pool, page_context().judges
    if judges.is_loaded:
        return

    def load() -> None:
        try:
            # its own connection: it takes seconds, and requests need those of the pool
            with connect(str(pool.conninfo), autocommit=True) as connection:
                judges.load(connection)
        except (ServiceError, psycopg.Error) as error:
            log.warning("scorer not loaded", error=type(error).__name__)

    threading.Thread(target=load, name="load-scorer", daemon=True).start()


def current_user() -> SignedInUser:
    """Return who is there; only for pages that ask to sign in."""
    found: SignedInUser = g.present
    return found


def asked_path() -> str:
    """Return what the browser asked for, to come back to; bytes may be anything."""
    if request.method != "GET":
        return "/steward/queue"
    query = request.query_string.decode(errors="replace")
    return f"{request.path}?{query}" if query else request.path


def page(name: str, *, status: int = 200, **shown: Any) -> Response:
    """Return a page of the room."""
    g.setdefault("present", None)
    shown["back"] = asked_path()
    return make_response(render_template(f"steward/{name}.html", **shown), status)


def back_to(path: str) -> BaseResponse:
    """Send the browser to another page of the room after a form."""
    return redirect(path, code=303)


def require_decider() -> None:
    """End the request unless who is there may decide."""
    if not current_user().decides:
        abort(403)


@pages.before_request
def enter() -> BaseResponse | None:
    """Find out who is there; send who must sign in to where that is done."""
    g.present = None
    token = request.cookies.get(COOKIE, "")
    by_itself = "HX-Request" in request.headers  # the queue renews itself
    if token and request.endpoint != "steward.asset":
        g.present = write(lambda c: accounts.present(c, token, active=not by_itself))
    asks = declared_scope(current_app, request.endpoint or "") == PERSON
    if asks and g.present is None:
        came = quote(asked_path()) if request.method == "GET" else ""
        expired = "&expired=1" if token else ""
        where = f"/steward/sign-in?next={came}{expired}"
        if by_itself:  # the whole page goes there, not the part that was renewed
            return Response(status=204, headers={"HX-Redirect": where})
        return back_to(where)
    csrf.protect()
    return None


@pages.after_request
def guard(answer: Response) -> Response:
    """Let a page load from here alone, and be kept by nobody."""
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


@pages.errorhandler(CSRFError)
def stale_form(_: CSRFError) -> Response:
    """Say that the form is not one of ours, or from before the last start."""
    return page("problem", status=400, what="stale")


@pages.errorhandler(HTTPException)
def refused(error: HTTPException) -> Response | HTTPException:
    """Show an error page for whatever a view refused."""
    status = error.code or 500
    if status < 400:
        return error
    known = {403: "forbidden", 404: "unknown"}
    return page("problem", status=status, what=known.get(status, "broken"))


@pages.errorhandler(ServiceError)
def unavailable(error: ServiceError) -> Response:
    """Show that something the page needs does not answer."""
    log.warning("page not served", error=type(error).__name__)
    status = 503 if error.retriable else 500
    return page("problem", status=status, what="unavailable")


@pages.errorhandler(Exception)
def failed(error: Exception) -> Response:
    """Show that it is our fault, unless the request was refused before any view."""
    refusal = getattr(error, "problem", None)
    if refusal is not None:
        return page("problem", status=refusal.status, what="broken")
    log.error("page failed", **told(error))
    return page("problem", status=500, what="failed")
