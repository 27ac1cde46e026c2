"""How a view writes: once per Idempotency-Key, and the token of what it wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, TypeVar

import orjson
from flask import Response, g, request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from schemas.text import storable
from service.access import Caller
from service.api.http.context import context
from service.api.http.pagination import json_answer
from service.api.http.problems import ProblemError
from service.database.connection import pools
from service.database.connection.session import Connection
from service.database.requests import idempotency
from service.database.requests.idempotency import StoredResponse
from service.errors import ScopeMissing

Answer = TypeVar("Answer")


class IdempotencyHeader(BaseModel):
    """By which name a repeated request is known as a repeat."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: Annotated[
        str,
        StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$"),
        AfterValidator(storable),
    ] = Field(
        alias="Idempotency-Key",
        description="chosen by the channel, one for each intent, such as a UUID",
        examples=["7f0c2a52-6a44-4f0e-9a0e-5f6f0a6f3b11"],
    )


class Outcome(NamedTuple):
    """What a request came to: an answer, or a refusal that holds for its repeats."""

    status: int
    answer: dict[str, Any]


def caller() -> Caller:
    """Return who asks; only for views that need a key."""
    found: Caller = g.caller
    return found


def require_scope(scope: str) -> None:
    """Raise ScopeMissing unless the caller's key holds this scope too."""
    if scope not in caller().scopes:
        raise ScopeMissing(f"The key lacks the scope {scope}.")


def write(work: Callable[[Connection], Answer]) -> Answer:
    """Return what the work returns, committed; it must be idempotent."""
    return pools.write(context().pool, work)


def refused(name: str, detail: str, **members: Any) -> Outcome:
    """Return a refusal that every repeat of the request will get too."""
    return Outcome(409, {"problem": name, "detail": detail, "members": members})


def idempotent(key: str, work: Callable[[Connection], Outcome]) -> Response:
    """Do the work of this request at most once for its key; answer the same each time.

    The answer is kept in the transaction of the effect, so that neither is without the
    other. The same key with another body is refused.
    """
    body_hash, channel = _body_hash(), caller().channel

    def attempt(connection: Connection) -> tuple[Outcome, bool]:
        first = idempotency.claim(
            connection, channel=channel, key=key, body_hash=body_hash
        )
        if first is not None:
            return _same(first, body_hash), True
        outcome = work(connection)
        # what is answered now is what a repeat reads from the database later
        kept = Outcome(outcome.status, orjson.loads(orjson.dumps(outcome.answer)))
        idempotency.store_response(
            connection,
            channel=channel,
            key=key,
            status=kept.status,
            answer=kept.answer,
        )
        return kept, False

    outcome, repeated = write(attempt)
    return _told(outcome, repeated=repeated)


def _body_hash() -> bytes:
    """Return a hash that spaces and the order of names in the JSON do not change."""
    body = orjson.loads(request.get_data(cache=True))
    written = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    asked = f"{request.method} {request.path}\n".encode() + written
    return hashlib.sha256(asked).digest()


def _same(first: StoredResponse, body_hash: bytes) -> Outcome:
    if first.body_hash != body_hash:
        raise ProblemError("key-reused", "This Idempotency-Key came with another body.")
    return Outcome(first.status, first.answer)


def _told(outcome: Outcome, *, repeated: bool) -> Response:
    if "problem" in outcome.answer:
        told = outcome.answer
        raise ProblemError(told["problem"], told["detail"], **told["members"])
    # a document database keeps no order of names: a repeat must be the same bytes
    ordered = dict(sorted(outcome.answer.items()))
    answer = json_answer(ordered, status=outcome.status)
    if repeated:
        answer.headers["Idempotent-Replayed"] = "true"
    if "after" in outcome.answer:
        answer.headers["Couture-After"] = outcome.answer["after"]
    return answer
