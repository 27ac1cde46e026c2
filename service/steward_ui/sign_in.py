"""Signing in and out, the language, and the files of the pages."""

from __future__ import annotations

from importlib.resources import files

from flask import Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from service.access import public, signed_in
from service.database.connection.session import Connection
from service.steward_ui import languages
from service.steward_ui.base import COOKIE, back_to, load_scorer, page, pages, write
from service.stewardship import accounts
from service.stewardship.accounts import TooManyTries

_TYPES = {
    "room.css": "text/css; charset=utf-8",
    "room.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_BROWSER = "couture_browser"
_YEAR_S = 365 * 24 * 3600


def inside(path: str) -> str:
    """Return the path if it is one of the room's, else where the room begins."""
    fits = path.startswith("/steward/") and "\\" not in path and path.isprintable()
    return path if fits else "/steward/queue"


@pages.get("/static/<name>")
@public
def asset(name: str) -> Response:
    """Return a file of the pages."""
    if name not in _TYPES:
        abort(404)
    content = (files("service.steward_ui") / "static" / name).read_bytes()
    answer = Response(content, content_type=_TYPES[name])
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


@pages.get("/")
@signed_in
def entrance() -> BaseResponse:
    """Go to where the room begins."""
    return back_to("/steward/queue")


@pages.get("/<path:rest>")
@public
def nowhere(rest: str) -> Response:
    """Say that there is no such page."""
    abort(404)


@pages.get("/sign-in")
@public
def sign_in() -> Response:
    """Ask for name and password."""
    load_scorer()
    expired = bool(request.args.get("expired"))
    return page("sign_in", next=inside(request.args.get("next", "")), expired=expired)


@pages.post("/sign-in")
@public
def signed() -> BaseResponse:
    """Sign in, and go on to the page that was asked for."""
    name, password = request.form.get("name", ""), request.form.get("password", "")
    onwards = inside(request.form.get("next", ""))
    if not name.isprintable() or len(name) > 100 or len(password) > 1_000:
        return page("sign_in", status=401, next=onwards, wrong=True)

    browser = request.cookies.get(_BROWSER, "")

    def attempt(connection: Connection) -> tuple[str, str] | None:
        found = accounts.fitting(connection, name, password, browser=browser)
        if found is None:
            return None
        token = accounts.start_session(connection, found.name)
        return token, accounts.remember_browser(connection, found.name, browser)

    try:
        tokens = write(attempt)
    except TooManyTries:
        return page("sign_in", status=429, next=onwards, too_many=True)
    if tokens is None:
        return page("sign_in", status=401, next=onwards, wrong=True)
    answer = back_to(onwards)
    _set_cookie(answer, COOKIE, tokens[0], seconds=accounts.LONGEST_S)
    _set_cookie(answer, _BROWSER, tokens[1], seconds=_YEAR_S)
    return answer


@pages.post("/sign-out")
@public
def sign_out() -> BaseResponse:
    """Sign this browser out."""
    token = request.cookies.get(COOKIE, "")
    write(lambda c: accounts.end_session(c, token))
    answer = back_to("/steward/sign-in")
    answer.delete_cookie(COOKIE, path="/steward")
    return answer


@pages.post("/language")
@public
def language() -> BaseResponse:
    """Keep the reader's language in this browser."""
    answer = back_to(inside(request.form.get("next", "")))
    if request.form.get("language", "") in languages.LANGUAGES:
        chosen = request.form["language"]
        _set_cookie(answer, languages.COOKIE, chosen, seconds=_YEAR_S)
    return answer


def _set_cookie(answer: BaseResponse, name: str, value: str, *, seconds: int) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/steward",
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
