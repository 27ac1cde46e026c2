"""Dead letters: what was set aside, and how an operator settles it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import AfterValidator, Field, StringConstraints

from schemas.text import FrozenModel, System, Time, storable
from service.access import needs
from service.api.http.context import context, read
from service.api.http.idempotency import caller, write
from service.api.http.pagination import json_answer
from service.api.http.problems import ProblemError
from service.api.http.security_headers import KEY
from service.api.models.parameters import PageQuery, Parameters
from service.api.models.responses import responses_for
from service.api.models.writes import written
from service.database.connection.session import Connection
from service.database.operations import dead_letters as stored
from service.database.operations.dead_letters import Choice, Content, State
from service.operations import dead_letters as letters

dead_letters = APIBlueprint(
    "dead_letters",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="dead letters", description="What could not be applied")],
)
_Why = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1_000),
    AfterValidator(storable),
]


class LettersQuery(PageQuery):
    """Which letters to list."""

    state: State | None = Field(default=None, description="default: every state")
    reason: _Why | None = Field(default=None, examples=["unmappable_row"])
    system: System | None = None


class LetterPath(Parameters):
    """Which letter."""

    letter_id: int = Field(ge=1, lt=2**63)


class DeadLetterView(FrozenModel):
    """A message or row set aside because no retry can apply it."""

    letter_id: int
    system: str
    state: State
    reason: str
    detail: str = Field(description="names fields, never their values")
    topic: str
    partition: int
    offset: int
    key: str | None
    set_aside_at: Time
    edited: bool
    settled_at: Time | None
    settled_by: str | None
    settled_because: str | None


class LettersAnswer(FrozenModel):
    """Dead letters, the newest first."""

    dead_letters: list[DeadLetterView]
    next: str | None = Field(description="the cursor of the next page, if there is one")


class LetterAnswer(DeadLetterView):
    """A dead letter with its message, which may hold personal data."""

    headers: dict[str, str]
    message: str | None
    edited_message: str | None


class Because(FrozenModel):
    """Why a letter is settled so."""

    because: _Why


class Corrected(FrozenModel):
    """The message to be replayed instead of the one that came."""

    message: Annotated[str, StringConstraints(min_length=1, max_length=1_000_000)]


@dead_letters.get("/v1/dead-letters", responses=responses_for(LettersAnswer))
@needs("operator")
def listed(query: LettersQuery) -> Response:
    """List dead letters, the newest first, without their messages."""
    choice = Choice(query.state, query.reason, query.system)
    listing = f"dead_letters:{choice}"
    place = context().cursors.open(listing, query.cursor)
    after = int(place[0]) if place else None
    found = read(lambda c: stored.page(c, choice, after=after, limit=query.limit + 1))
    rows, following = found[: query.limit], None
    if len(found) > query.limit:
        following = context().cursors.seal(listing, [rows[-1].letter_id])
    told = [one._asdict() for one in rows]
    return json_answer({"dead_letters": told, "next": following})


@dead_letters.get(
    "/v1/dead-letters/<letter_id>", responses=responses_for(LetterAnswer, 404)
)
@needs("operator")
def shown(path: LetterPath) -> Response:
    """Return one dead letter with its message."""
    with _refusals():
        return _answer(read(lambda c: letters.content(c, path.letter_id)))


@dead_letters.put(
    "/v1/dead-letters/<letter_id>/message",
    responses=written(LetterAnswer, 200, 404, 409),
)
@needs("operator")
def corrected(path: LetterPath, body: Corrected) -> Response:
    """Keep a corrected message for the replay; refused if it could not be read."""
    value = _bytes(body.message)
    return _settled(
        path,
        lambda c: letters.edit(c, path.letter_id, value, by=caller().channel),
    )


@dead_letters.post(
    "/v1/dead-letters/<letter_id>/replay",
    responses=written(LetterAnswer, 200, 404, 409),
)
@needs("operator")
def replayed(path: LetterPath, body: Because) -> Response:
    """Send the message its way again; a repeat changes nothing."""
    return _settled(
        path,
        lambda c: letters.replay(
            c, path.letter_id, by=caller().channel, because=body.because
        ),
    )


@dead_letters.post(
    "/v1/dead-letters/<letter_id>/discard",
    responses=written(LetterAnswer, 200, 404, 409),
)
@needs("operator")
def discarded(path: LetterPath, body: Because) -> Response:
    """Say that the message shall have no effect; the letter stays to be read."""
    return _settled(
        path,
        lambda c: letters.discard(
            c, path.letter_id, by=caller().channel, because=body.because
        ),
    )


def _settled(path: LetterPath, work: Callable[[Connection], None]) -> Response:
    def settle(connection: Connection) -> Content:
        work(connection)
        return letters.content(connection, path.letter_id)

    with _refusals():
        return _answer(write(settle))


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except letters.UnknownLetter as error:
        raise ProblemError("not-found", error.detail) from None
    except letters.LetterRefused as error:
        raise ProblemError("not-so-settled", error.sentence()) from None


def _bytes(text: str) -> bytes:
    # A lone surrogate is no text; the replay's own check then says so.
    return text.encode("utf-8", "replace")


def _answer(found: Content) -> Response:
    told: dict[str, Any] = {
        **found.letter._asdict(),
        "headers": dict(found.headers),
        "message": letters.readable(found.value),
        "edited_message": letters.readable(found.edited_value),
    }
    return json_answer(told)
