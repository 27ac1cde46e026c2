"""Every way a request can fail: a problem with a name, a status and a remedy.

RFC 9457. Nothing that the caller sent is repeated, except names of parameters.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from flask import Response, g
from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2


class Problem(NamedTuple):
    """One kind of problem; its name ends its `type` URI."""

    name: str
    status: int
    title: str
    remedy: str


PROBLEMS = {
    problem.name: problem
    for problem in (
        Problem(
            "broken-request",
            400,
            "The request cannot be read",
            "Send well-formed HTTP and, in a body, well-formed JSON.",
        ),
        Problem(
            "unauthenticated",
            401,
            "A valid key is needed",
            "Send `Authorization: Bearer couture_...` with a key that is not revoked;"
            " an operator makes one with `couture key create`.",
        ),
        Problem(
            "forbidden",
            403,
            "The key may not do this",
            "Ask an operator for a key with the scope that the answer names.",
        ),
        Problem(
            "not-found",
            404,
            "There is no such thing here",
            "Check the id or the path; look a customer up by source key, card, e-mail"
            " or phone with `GET /v1/customers`.",
        ),
        Problem(
            "method-not-allowed",
            405,
            "This method does nothing here",
            "Use a method named in the answer's `Allow` header.",
        ),
        Problem(
            "not-acceptable",
            406,
            "Only JSON is served here",
            "Accept `application/json`, or send no `Accept` header.",
        ),
        Problem(
            "not-so-settled",
            409,
            "The dead letter cannot be settled so",
            "Do what `detail` says: edit the message first, or discard the letter.",
        ),
        Problem(
            "different-movement",
            409,
            "Another movement has this id",
            "Give every movement an id of its own; a ledger line never changes.",
        ),
        Problem(
            "insufficient-balance",
            409,
            "The balance does not cover it",
            "Ask for less, or let the customer pay; `balance` in the answer says what"
            " there is. Use a new Idempotency-Key for another try.",
        ),
        Problem(
            "gone",
            410,
            "It is no longer kept",
            "Start anew: read the profiles that you hold, then follow `/v1/changes`"
            " from `after=now`.",
        ),
        Problem(
            "too-large",
            413,
            "The request is too large",
            "Send at most 1 MiB, or split the request.",
        ),
        Problem(
            "unsupported-type",
            415,
            "The body's type is not known here",
            "Send the body as `Content-Type: application/json`.",
        ),
        Problem(
            "key-reused",
            422,
            "The Idempotency-Key is taken",
            "Send the same body with the same key, or choose a new key.",
        ),
        Problem(
            "invalid-parameter",
            422,
            "A parameter does not fit",
            "Correct the parameters that `errors` names; `/docs` describes them.",
        ),
        Problem(
            "internal-error",
            500,
            "Couture failed",
            "Tell the operator the `instance` of the answer: the log holds it.",
        ),
        Problem(
            "unavailable",
            503,
            "Couture cannot answer now",
            "Repeat the request after the seconds in `Retry-After`.",
        ),
    )
}
BY_STATUS = {problem.status: problem for problem in PROBLEMS.values()}


class ParameterError(BaseModel):
    """One parameter that does not fit, and why."""

    parameter: str
    reason: str


class ProblemAnswer(BaseModel):
    """A problem as the caller sees it (RFC 9457, with a remedy)."""

    type: str = Field(examples=["/problems/not-found"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="the id of this request, also in the log")
    remedy: str
    errors: list[ParameterError] | None = Field(
        default=None, description="for invalid-parameter: what does not fit"
    )


class ProblemError(Exception):
    """A view's way to answer with a problem."""

    def __init__(self, name: str, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.problem = PROBLEMS[name]
        self.detail = detail
        self.members = members


def invalid_parameter(parameter: str, reason: str) -> ProblemError:
    """Return the refusal that names one parameter."""
    errors = [{"parameter": parameter, "reason": reason}]
    return ProblemError("invalid-parameter", f"{parameter} {reason}.", errors=errors)


def problem_response(
    problem: Problem, detail: str, *, status: int | None = None, **members: Any
) -> Response:
    """Return the answer that tells of a problem."""
    body = {
        "type": f"/problems/{problem.name}",
        "title": problem.title,
        "status": status or problem.status,
        "detail": detail,
        "instance": f"urn:uuid:{g.get('request_id', '')}",
        "remedy": problem.remedy,
        **members,
    }
    answer = Response(
        orjson.dumps(body), status=body["status"], content_type=MEDIA_TYPE
    )
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer
