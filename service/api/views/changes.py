"""Changes: the feed of events, asked for page by page or listened to."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import orjson
import structlog
from flask import Response, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import BaseModel, Field, StringConstraints

from schemas.case_event import CaseEvent, CaseEventType
from schemas.customer_event import CustomerEvent, CustomerEventType
from schemas.text import FrozenModel, Time
from service.access import needs
from service.api.http.context import Context, context
from service.api.http.pagination import json_answer
from service.api.http.problems import ProblemError, invalid_parameter
from service.api.http.read_your_writes import longest_wait
from service.api.http.security_headers import KEY
from service.api.models.parameters import Parameters
from service.api.models.responses import responses_for
from service.database.connection import pools
from service.database.messages import feed
from service.database.messages.feed import Place, Stretch
from service.errors import DatabaseUnavailable

log = structlog.get_logger()

LONGEST_WAIT_S = 25.0
STREAM_S = 60.0
"""So long a stream lasts; whoever listens on comes again with `Last-Event-ID`."""

_LOOK_AGAIN_S = 0.2
_BEAT_S = 5.0
_STREAM = "text/event-stream"
_PLACE = re.compile(r"([0-9]{1,18})\.([0-9]{1,12})", re.ASCII)
EVENT_TYPES = (*CustomerEventType, *CaseEventType)

changes = APIBlueprint(
    "changes",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="changes", description="What happened, as it happens")],
)


class CloudEvent(FrozenModel):
    """One event in CloudEvents' JSON format; ignore an `id` that you have seen."""

    specversion: str = Field(examples=["1.0"])
    id: str
    source: str = Field(examples=["/couture"])
    type: str = Field(examples=[CustomerEventType.CHANGED.value])
    subject: UUID = Field(description="the customer id")
    time: Time
    datacontenttype: str = Field(examples=["application/json"])
    data: CustomerEvent | CaseEvent


class ChangesAnswer(BaseModel):
    """Events in the order of their publication, per customer in order of version."""

    events: list[CloudEvent]
    next: str = Field(description="send it as `after` for what comes next")
    more: bool = Field(description="whether more is there already")


EventType = Annotated[str, StringConstraints(pattern=f"^({'|'.join(EVENT_TYPES)})$")]


class ChangesQuery(Parameters):
    """From where, what and how much."""

    after: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        default=None,
        description="`next` of the answer before; `now` for what is to come; without"
        " it, from the oldest event kept",
        examples=["now"],
    )
    type: EventType | None = Field(
        default=None,
        description="only events of this type",
        examples=[CustomerEventType.MERGED.value],
    )
    limit: int = Field(default=100, ge=1, le=1_000, description="events of one answer")


@changes.get("/v1/changes", responses=responses_for(ChangesAnswer, 410))
@needs("changes:read")
def changes_after(query: ChangesQuery) -> Response:
    """Read what happened after a place in the feed, in order; or listen to it.

    With `Prefer: wait=20` an answer without events comes only after so many seconds
    (at most 25). With `Accept: text/event-stream` events are sent as they come (SSE);
    the stream ends after a minute, go on with `Last-Event-ID`. Events are kept for 30
    days: an older place is a 410, then read the profiles anew.
    """
    shared = context()
    place = _place(shared, request.headers.get("Last-Event-ID") or query.after)
    types = [query.type] if query.type else []
    ask = partial(feed.after, types=types, limit=query.limit)
    look = partial(_look, shared, ask)
    if request.accept_mimetypes.best_match(["application/json", _STREAM]) == _STREAM:
        return _streamed(shared, look, place)
    found = _waited(shared, look, place)
    return json_answer(
        {
            "events": [event for _, event in found.events],
            "next": written(found.next),
            "more": len(found.events) == query.limit,
        }
    )


_Look = Callable[[Place], Stretch]


def _look(shared: Context, ask: Callable[..., Stretch], place: Place) -> Stretch:
    return pools.read(shared.pool, lambda c: ask(c, place))


def written(place: Place) -> str:
    """Return a place as callers hold it."""
    return f"{place.seq}.{int(place.at.timestamp())}"


def _place(shared: Context, text: str | None) -> Place:
    if text is None:
        return pools.read(shared.pool, feed.start)
    if text == "now":
        return pools.read(shared.pool, feed.end)
    found = _PLACE.fullmatch(text)
    if found is None or int(found[2]) > shared.clock().timestamp() + 60:
        raise invalid_parameter("after", "is not a place that /v1/changes gave")
    place = Place(int(found[1]), datetime.fromtimestamp(int(found[2]), UTC))
    if not pools.read(shared.pool, lambda c: feed.is_kept(c, place)):
        raise ProblemError("gone", "What came after this place is no longer kept.")
    return place


def _waited(shared: Context, look: _Look, place: Place) -> Stretch:
    """Return what comes after the place, if need be after a while."""
    found = look(place)
    longest = longest_wait(LONGEST_WAIT_S)
    if found.events or not longest or not shared.listeners.acquire(blocking=False):
        return found
    try:
        until = time.monotonic() + longest
        while not found.events and time.monotonic() < until:
            time.sleep(_LOOK_AGAIN_S)
            found = look(found.next)
        return found
    finally:
        shared.listeners.release()


def _streamed(shared: Context, look: _Look, place: Place) -> Response:
    if not shared.listeners.acquire(blocking=False):
        raise ProblemError("unavailable", "Too many listen already; ask page by page.")
    listening = iter([True])

    def leave() -> None:
        # a stream may be left by its end and by its caller; the place is given up once
        if next(listening, False):
            shared.listeners.release()

    answer = Response(_told(look, place, leave), content_type=_STREAM)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    answer.call_on_close(leave)
    return answer


def _told(look: _Look, place: Place, leave: Callable[[], None]) -> Iterator[bytes]:
    """Yield events as they come, and a comment now and then that shows it lives."""
    until = time.monotonic() + STREAM_S
    beat = 0.0
    yield b"retry: 1000\n\n"
    try:
        while time.monotonic() < until:
            found = look(place)
            for where, event in found.events:
                yield _message(where, event)
            place = found.next
            if found.events:
                continue
            if time.monotonic() - beat > _BEAT_S:
                yield b": still here\n\n"
                beat = time.monotonic()
            time.sleep(_LOOK_AGAIN_S)
    except DatabaseUnavailable as error:
        log.warning("a stream ended early", error=type(error).__name__)
    finally:
        leave()


def _message(place: Place, event: dict[str, Any]) -> bytes:
    name = event["type"].encode()
    where = written(place).encode()
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (where, name, orjson.dumps(event))
