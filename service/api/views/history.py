"""History: what a profile was at a time, and why it changed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import Field

from schemas.customer_event import CustomerEventType
from schemas.golden_record import Profile
from schemas.text import FrozenModel, Time
from service.access import needs
from service.api.http.context import context, read
from service.api.http.pagination import after, json_answer, unknown_customer
from service.api.http.security_headers import KEY
from service.api.models.parameters import CustomerPath, PageQuery
from service.api.models.responses import Fresh, responses_for
from service.database.customers import history as history_reads
from service.database.customers.history import Version
from service.database.sources import system_freshness
from service.domain.history import difference

history = APIBlueprint(
    "history",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="history", description="What was answered, and when")],
)


class HistoryQuery(PageQuery):
    """All states of a profile, or the one at a moment."""

    as_of: Time | None = Field(
        default=None,
        description="only the state in force at this time, with its profile",
        examples=["2026-05-03T12:00:00Z"],
    )


class ProfileVersion(FrozenModel):
    """One state of a profile: what was answered from one time to the next."""

    version: int
    valid_from: Time
    valid_to: Time | None = Field(description="missing while it stands")
    why: CustomerEventType = Field(description="the event that made it so")
    changed: list[str] = Field(
        description="names of attributes, against the one before"
    )
    gained: list[str] = Field(description="source keys that came")
    lost: list[str] = Field(description="source keys that went")
    profile: Profile | None = Field(
        default=None, description="with `as_of`; missing while the id was retired"
    )


class HistoryAnswer(Fresh):
    """The states of one customer id, newest first."""

    customer_id: UUID
    versions: list[ProfileVersion]
    next: str | None = Field(description="the cursor of the next page, if there is one")


@history.get(
    "/v1/customers/<customer_id>/history", responses=responses_for(HistoryAnswer, 404)
)
@needs("history:read")
def customer_history(path: CustomerPath, query: HistoryQuery) -> Response:
    """Tell what a profile was and why it changed, newest first.

    With `as_of` only the state of that time is told, with the profile as it was
    answered then. A retired id tells of its own past; an id unknown at that time is a
    404.
    """
    customer_id = path.customer_id
    if query.as_of is not None:
        moment = query.as_of
        found = read(lambda c: history_reads.at(c, customer_id, moment))
        if found is None:
            raise unknown_customer()
        return _answer(customer_id, [_shown(found, whole=True)], None)
    place = after("history", customer_id, query.cursor)
    below, limit = (place[0] if place else None), query.limit
    states = read(
        lambda c: history_reads.versions(c, customer_id, below=below, limit=limit + 1)
    )
    if not states and place is None:
        raise unknown_customer()
    shown, sealed = states[:limit], None
    if len(states) > limit:
        last = [shown[-1].version]
        sealed = context().cursors.seal(f"history:{customer_id}", last)
    return _answer(customer_id, [_shown(one) for one in shown], sealed)


def _shown(one: Version, *, whole: bool = False) -> dict[str, Any]:
    told = {
        "version": one.version,
        "valid_from": one.valid_from,
        "valid_to": one.valid_to,
        "why": one.why,
        **difference(one.before, one.document)._asdict(),
    }
    if whole and one.document is not None:
        told["profile"] = orjson.Fragment(one.document)
    return told


def _answer(
    customer_id: UUID, versions: list[dict[str, Any]], cursor: str | None
) -> Response:
    fresh = orjson.Fragment(read(system_freshness.freshness))
    body = {"customer_id": customer_id, "versions": versions, "next": cursor}
    return json_answer({**body, "freshness": fresh})
