"""How every exception becomes a problem; nothing escapes as HTML or a stack trace."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import Any

import structlog
from flask import Flask, Response
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from service.api.http.problems import (
    BY_STATUS,
    PROBLEMS,
    ProblemError,
    problem_response,
)
from service.errors import KeyRefused, ScopeMissing, ServiceError
from service.logging import told

log = structlog.get_logger()

_DETAILS = {
    400: "The request is malformed.",
    404: "Nothing answers at this path.",
    405: "The path exists, the method does not.",
    413: "The body is larger than 1 MiB.",
    415: "The body is not declared as JSON.",
}
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_-]{0,40}$")
_REASONS = {
    "extra_forbidden": "is not a parameter here",
    "missing": "is missing",
    "uuid_parsing": "must be a UUID",
    "int_parsing": "must be a whole number",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
    "string_too_long": "is too long",
    "string_too_short": "is empty",
    "value_error": "is not of the form that /docs describes",
}

_OWN_REASONS = frozenset({"exactly_one", "finds_nobody", "url"})


def answer_with_problems(app: Flask) -> None:
    """Make every failure of the application a problem."""
    app.register_error_handler(ProblemError, _refused)
    app.register_error_handler(KeyRefused, _unauthenticated)
    app.register_error_handler(ScopeMissing, _forbidden)
    app.register_error_handler(ServiceError, _unavailable)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _failed)


def invalid_parameters(error: ValidationError) -> Response:
    """Return the problem that names each parameter which does not fit."""
    errors = [_told(one) for one in error.errors(include_url=False)]
    unique = [e for index, e in enumerate(errors) if e not in errors[:index]]
    detail = "; ".join(f"{e['parameter']} {e['reason']}" for e in unique) + "."
    return problem_response(PROBLEMS["invalid-parameter"], detail, errors=unique)


def _told(error: Any) -> dict[str, str]:
    # Names as well as values may be anything the caller typed: only what looks like
    # the name of a parameter is repeated.
    path = takewhile(_may_be_named, map(str, error["loc"][:8]))
    name = ".".join(path) or ("(unnamed)" if error["loc"] else "query")
    reason = _REASONS.get(error["type"], "does not fit")
    if error["type"] in _OWN_REASONS:
        reason = error["msg"]
    return {"parameter": name, "reason": reason}


def _may_be_named(part: str) -> bool:
    return bool(_NAME.match(part)) or (part.isascii() and part.isdecimal())


def _refused(refusal: ProblemError) -> Response:
    return problem_response(refusal.problem, refusal.detail, **refusal.members)


def _unauthenticated(error: KeyRefused) -> Response:
    answer = problem_response(PROBLEMS["unauthenticated"], error.detail)
    answer.headers["WWW-Authenticate"] = 'Bearer realm="couture"'
    return answer


def _forbidden(error: ScopeMissing) -> Response:
    answer = problem_response(PROBLEMS["forbidden"], error.detail)
    challenge = 'Bearer realm="couture", error="insufficient_scope"'
    answer.headers["WWW-Authenticate"] = challenge
    return answer


def _unavailable(error: ServiceError) -> Response:
    # Only the log learns the cause: a caller needs no host names.
    log.warning("request not served", error=type(error).__name__)
    problem = PROBLEMS["unavailable" if error.retriable else "internal-error"]
    return problem_response(problem, "Something that Couture needs does not answer.")


def _http(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error
    problem = BY_STATUS.get(status, PROBLEMS["broken-request"])
    detail = _DETAILS.get(status, "The request cannot be served.")
    answer = problem_response(problem, detail, status=status)
    allow = dict(error.get_headers()).get("Allow")
    if allow:
        answer.headers["Allow"] = allow
    return answer


def _failed(error: Exception) -> Response:
    # Told here and not by exc_info: that would depend on how logs are set up.
    log.error("request failed", **told(error))
    return problem_response(PROBLEMS["internal-error"], "The cause is in the log.")
