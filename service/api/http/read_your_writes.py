"""Read-your-write: a position token, and answers that wait until they include it."""

from __future__ import annotations

import re
import threading
import time
from typing import NamedTuple
from urllib.parse import quote, unquote

from flask import Flask, Response, g, request
from pydantic import TypeAdapter, ValidationError

from schemas.change_event import Position, RecordKind
from schemas.source_key import SourceKey
from service.api.http.context import read
from service.api.http.problems import ProblemError, invalid_parameter
from service.database.requests import read_your_writes

LONGEST_WAIT_S = 5.0
MOST_TOKENS = 8
_LOOK_AGAIN_S = 0.02
_WAIT = re.compile(r'(?:^|,)\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:[,;]|$)', re.IGNORECASE)
_TOKEN = re.compile(r"([a-z]+)/([a-z][a-z0-9_]{0,30}:[^@]+)@([0-9.]+)", re.ASCII)
_POSITION: TypeAdapter[tuple[int, ...]] = TypeAdapter(Position)


class Token(NamedTuple):
    """One change of one record or fact: what a caller wants to see included."""

    kind: RecordKind
    key: SourceKey
    position: tuple[int, ...]

    def __str__(self) -> str:
        place = ".".join(map(str, self.position))
        name = f"{self.key.system}:{quote(self.key.id, safe='')}"
        return f"{self.kind}/{name}@{place}"

    @classmethod
    def parse(cls, text: str) -> Token:
        """Return the token written so; raise ValueError for anything else."""
        found = _TOKEN.fullmatch(text.strip())
        if found is None:
            raise ValueError("a token is written kind/system:id@position")
        kind, key, place = found.groups()
        position = _POSITION.validate_python([int(part) for part in place.split(".")])
        system, _, id_ = key.partition(":")
        return cls(RecordKind(kind), SourceKey(system, unquote(id_)), position)


def await_writes(app: Flask, *, waiters: int) -> None:
    """Let a read wait for what `Couture-After` names, as long as `Prefer` allows.

    At most so many requests wait at once: the others are answered with what is there,
    so that waiting never keeps the API from answering.
    """
    places = threading.BoundedSemaphore(waiters)

    @app.before_request
    def wait() -> None:
        g.includes = None
        if request.method != "GET" or "Couture-After" not in request.headers:
            return
        tokens = _tokens(request.headers["Couture-After"])
        g.includes = _applied(tokens)
        longest = longest_wait(LONGEST_WAIT_S)
        if g.includes or longest is None or not places.acquire(blocking=False):
            return
        try:
            g.waited = longest
            g.includes = _wait(tokens, longest)
        finally:
            places.release()

    @app.after_request
    def tell(answer: Response) -> Response:
        if g.get("includes") is not None:
            answer.headers["Couture-Includes"] = "yes" if g.includes else "no"
        if g.get("waited") is not None:
            answer.headers["Preference-Applied"] = f"wait={g.waited:g}"
        return answer


def _tokens(header: str) -> list[Token]:
    parts = [part for part in header.split(",") if part.strip()]
    if not 1 <= len(parts) <= MOST_TOKENS:
        raise _unfit()
    try:
        return [Token.parse(part) for part in parts]
    except (ValueError, ValidationError) as error:
        raise _unfit() from error


def _unfit() -> ProblemError:
    return invalid_parameter("Couture-After", "is not a token that Couture gave")


def longest_wait(most: float) -> float | None:
    """Return how many seconds this request would wait, or None if it would not."""
    wanted = _WAIT.search(request.headers.get("Prefer", ""))
    return min(float(wanted.group(1)), most) if wanted else None


def _applied(tokens: list[Token]) -> bool:
    return read(
        lambda c: all(read_your_writes.is_applied(c, *token) for token in tokens)
    )


def _wait(tokens: list[Token], longest: float) -> bool:
    until = time.monotonic() + longest
    while time.monotonic() < until:
        if _applied(tokens):
            return True
        time.sleep(_LOOK_AGAIN_S)
    return False
