"""The API tells of itself: OpenAPI, a page to browse it, and a page per problem."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import orjson
from flask import Blueprint, Response
from flask_openapi.openapi import OpenAPI

from service.access import public
from service.api.http.pagination import JSON
from service.api.http.problems import PROBLEMS, ProblemError

_SCRIPT = "text/javascript; charset=utf-8"
# Swagger UI sets styles from its script; everything else comes from here alone.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; connect-src 'self'; frame-ancestors 'none';"
    " base-uri 'none'; form-action 'none'"
)
_VENDORED = {
    "swagger-ui.css": ("css/swagger-ui.css", "text/css; charset=utf-8"),
    "swagger-ui-bundle.js": ("js/swagger-ui-bundle.js", _SCRIPT),
    "icon.svg": ("images/swagger.svg", "image/svg+xml"),
}

_READ_HEADERS = [
    {
        "name": "Couture-After",
        "in": "header",
        "required": False,
        "description": "tokens of what the caller wrote, with commas between them; the"
        " answer says in `Couture-Includes` whether it includes them all",
        "schema": {"type": "string", "maxLength": 2_000},
    },
    {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "description": "`wait=2`: wait up to 2 (at most 5) seconds for these tokens",
        "schema": {"type": "string", "maxLength": 200},
    },
]

documentation = Blueprint("documentation", __name__)


@documentation.get("/docs")
@public
def docs() -> Response:
    """Return the page that browses the API."""
    answer = Response(_own("docs.html"), content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


@documentation.get("/docs/<name>")
@public
def asset(name: str) -> Response:
    """Return a file of the page, served from the installed package."""
    if name == "docs.js":
        return Response(_own("docs.js"), content_type=_SCRIPT)
    if name not in _VENDORED:
        raise ProblemError("not-found", "The page has no such file.")
    path, media_type = _VENDORED[name]
    root = files("flask_openapi_swagger") / "templates" / "swagger"
    answer = Response((root / path).read_bytes(), content_type=media_type)
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


def _own(name: str) -> bytes:
    return (files("service.api") / "static" / name).read_bytes()


@documentation.get("/problems/<name>")
@public
def problem(name: str) -> Response:
    """Return what a problem type means and what to do about it."""
    if name not in PROBLEMS:
        raise ProblemError("not-found", "There is no such problem type.")
    told = PROBLEMS[name]._asdict() | {"type": f"/problems/{name}"}
    return Response(orjson.dumps(told), content_type=JSON)


def serve_openapi(app: OpenAPI) -> None:
    """Serve the application's OpenAPI document, written once."""
    written = orjson.dumps(openapi_document(app))

    @app.route("/openapi.json")
    @public
    def openapi() -> Response:
        """Return the OpenAPI document."""
        return Response(written, content_type=JSON)


def openapi_document(app: OpenAPI) -> dict[str, Any]:
    """Return the OpenAPI document, free of what no route answers."""
    document: dict[str, Any] = app.api_doc
    for path, methods in document["paths"].items():
        if path.startswith("/v1/") and "get" in methods:
            methods["get"].setdefault("parameters", []).extend(_READ_HEADERS)
        for operation in methods.values():
            # The library adds a 422 of its own shape where none is declared.
            operation["description"] = _prose(operation.get("description", ""))
            told = operation["responses"].get("422", {})
            if JSON in told.get("content", {}):
                del operation["responses"]["422"]
    return document


def _prose(description: str) -> str:
    """Return a docstring's text without the line breaks the library put in."""
    return description.replace("<br/>", "\n").strip()
