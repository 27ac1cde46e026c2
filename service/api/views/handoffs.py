"""Handoffs: a customer and a conversation on their way to another channel."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import segno
from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import BaseModel, Field

from schemas.golden_record import Profile
from schemas.text import FrozenModel, Identifier, Text, Time
from service.access import needs
from service.api.http.idempotency import caller, write
from service.api.http.pagination import json_answer, unknown_customer
from service.api.http.problems import ProblemError
from service.api.http.security_headers import KEY
from service.api.models.responses import Fresh
from service.api.models.timeline import TimelineEntry
from service.api.models.writes import written
from service.api.views.timeline import entry
from service.database.connection.session import Connection
from service.database.customers import handoffs as stored
from service.database.customers import profiles
from service.database.facts import timeline
from service.database.facts.timeline import TimelineFilter
from service.domain.handoffs import code_hash, new_code, plain_code

CONVERSATION = 50
"""So many entries of the timeline go with a handoff, the newest first."""

handoffs = APIBlueprint(
    "handoffs",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="handoffs", description="From one channel to another")],
)


class NewHandoff(FrozenModel):
    """Who is passed on, to which channel, and what it should know."""

    customer_id: UUID
    audience: Identifier = Field(
        description="the channel whose key may redeem it", examples=["call_centre"]
    )
    case_id: Identifier | None = Field(default=None, examples=["K-2041"])
    note: Text | None = Field(
        default=None,
        description="what was said so far",
        examples=["Wants the blue coat in M; promised an answer today."],
    )
    minutes: int = Field(default=10, ge=1, le=60, description="it stands so long")


class HandoffMade(BaseModel):
    """The code to show, to say or to scan."""

    code: str = Field(examples=["7QK3-M9TX"])
    qr_svg: str = Field(description="the code as a QR image, ready to show")
    audience: str
    expires_at: Time


class Redeeming(FrozenModel):
    """The code as somebody read it out: case, spaces and dashes do not matter."""

    code: Identifier = Field(examples=["7QK3-M9TX"])


class HandoffRedeemed(Fresh):
    """What the other channel saw: nobody has to ask again."""

    customer: Profile
    made_by: str = Field(description="the channel it comes from")
    made_at: Time
    case_id: str | None
    note: str | None
    conversation: list[TimelineEntry] = Field(description="newest first")


@handoffs.post("/v1/handoffs", responses=written(HandoffMade, 201, 404))
@needs("handoffs:write")
def make(body: NewHandoff) -> Response:
    """Pass a customer and the conversation so far to another channel.

    The code stands for minutes, for one use, and only for the channel it names.
    """
    code, lasts = new_code(), timedelta(minutes=body.minutes)
    said = {"case_id": body.case_id, "note": body.note}

    def work(connection: Connection) -> Any:
        customer_id = profiles.survivor(connection, body.customer_id)
        if customer_id is None or not stored.is_live(connection, customer_id):
            raise unknown_customer()
        return stored.add(
            connection,
            code_hash(code),
            customer_id=customer_id,
            way=stored.Way(caller().channel, body.audience),
            context=said,
            lasts=lasts,
        )

    expires_at = write(work)
    picture = io.BytesIO()
    segno.make(code, micro=False).save(picture, kind="svg", xmldecl=False, scale=4)
    return json_answer(
        {
            "code": code,
            "qr_svg": picture.getvalue().decode(),
            "audience": body.audience,
            "expires_at": expires_at,
        },
        status=201,
    )


@handoffs.post("/v1/handoffs/redeem", responses=written(HandoffRedeemed, 200, 404))
@needs("handoffs:redeem")
def redeem(body: Redeeming) -> Response:
    """Take over a customer and the conversation so far; a code works once.

    An unknown code, one that was used or has expired, and one for another channel are
    the same 404. It is a POST, so that no prefetch or log of addresses spends a code.
    """
    attempt, code = uuid4(), plain_code(body.code)

    def work(connection: Connection) -> dict[str, Any] | None:
        found = stored.redeem(
            connection, code_hash(code), audience=caller().channel, attempt=attempt
        )
        return _context(connection, found) if found is not None else None

    told = write(work)
    if told is None:
        detail = "No handoff with this code waits for the key's channel."
        raise ProblemError("not-found", detail)
    return json_answer(told)


def _context(connection: Connection, found: stored.Redeemed) -> dict[str, Any] | None:
    customer_id = profiles.survivor(connection, found.customer_id)
    profile = customer_id and profiles.by_id(connection, customer_id)
    if not customer_id or not profile or profile.document is None:
        return None
    page = timeline.page(
        connection,
        customer_id,
        after=None,
        limit=CONVERSATION,
        only=TimelineFilter(),
    )
    rows = page.rows[:CONVERSATION] if page else []
    return {
        "customer": orjson.Fragment(profile.document),
        "made_by": found.made_by,
        "made_at": found.made_at,
        "case_id": found.context.get("case_id"),
        "note": found.context.get("note"),
        "conversation": [entry(row) for row in rows],
        "freshness": orjson.Fragment(profile.freshness),
    }
