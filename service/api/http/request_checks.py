"""What is refused before any view: a body too large, no JSON, a parameter twice."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import orjson
from flask import Flask, current_app, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import RequestEntityTooLarge

from service.api.http.problems import ProblemError, invalid_parameter

LARGEST_BODY = 1_048_576
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_SERVED = ("application/json", "application/problem+json")
_STREAMED = ("/v1/changes",)


class _Json(DefaultJSONProvider):
    """Reads a body as it was checked: Python's own reader fails on deep nesting."""

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return orjson.loads(s)


def check_requests(app: Flask) -> None:
    """Refuse what no view could understand."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.json = _Json(app)

    @app.before_request
    def check() -> None:
        if (request.content_length or 0) > LARGEST_BODY:
            raise RequestEntityTooLarge
        _check_encoding()
        if request.endpoint is None or not request.path.startswith("/v1/"):
            return
        _check_accept()
        _check_parameters()
        if request.method in _WITH_BODY:
            _check_body()


def _check_encoding() -> None:
    try:
        request.query_string.decode()
    except UnicodeDecodeError as error:
        raise ProblemError("broken-request", "The query is not UTF-8.") from error


def _check_accept() -> None:
    if "Accept" not in request.headers:
        return
    served = (*_SERVED, "text/event-stream") if request.path in _STREAMED else _SERVED
    if not any(request.accept_mimetypes[media] for media in served):
        raise ProblemError("not-acceptable", "The request accepts no JSON.")


def _check_parameters() -> None:
    if not request.query_string:
        return
    for values in request.args.listvalues():
        if len(values) > 1:
            raise invalid_parameter("query", "names a parameter twice")
    # a route with a model for its query refuses by it what it does not know
    view = current_app.view_functions[request.endpoint or ""]
    if request.args and not _takes_query(view):
        raise invalid_parameter("query", "is not empty: this route takes no parameter")


@cache
def _takes_query(view: Callable[..., Any]) -> bool:
    return "query" in inspect.signature(inspect.unwrap(view)).parameters


def _check_body() -> None:
    if not request.is_json:
        raise ProblemError("unsupported-type", "The body is not declared as JSON.")
    try:
        orjson.loads(request.get_data(cache=True))
    except orjson.JSONDecodeError as error:
        raise ProblemError("broken-request", "The body is not valid JSON.") from error
