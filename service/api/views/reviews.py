"""Open cases for stewards, and the household of a customer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import Field

from matching.clustering.reviews import Kind
from matching.explanation.households import SharedAttribute
from schemas.source_key import SourceKey
from schemas.text import FrozenModel, Time
from service.access import needs
from service.api.http.context import context, read
from service.api.http.pagination import (
    json_answer,
    redirect_to_survivor,
    unknown_customer,
)
from service.api.http.security_headers import KEY
from service.api.models.parameters import CustomerPath, PageQuery
from service.api.models.responses import Fresh, responses_for
from service.database.clusters import households
from service.database.clusters.households import Relative
from service.database.sources import system_freshness
from service.database.stewardship import reviews as review_reads
from service.database.stewardship.reviews import OpenCase

reviews = APIBlueprint(
    "reviews",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="reviews", description="Open cases, and who lives with whom")],
)


class ReviewsQuery(PageQuery):
    """Which cases to list."""

    kind: Kind | None = Field(default=None, description="only cases of this kind")


class Side(FrozenModel):
    """One record of a case, and its customer now."""

    source_key: SourceKey
    customer_id: UUID | None


class AtStake(FrozenModel):
    """What a wrong or late answer would harm."""

    points: float = Field(description="points and money of both customers")
    open_orders: int
    consent_conflict: bool = Field(description="one allowed what the other withdrew")
    uncertainty: float = Field(description="0 to 1")


class OpenReview(FrozenModel):
    """A case that waits for a steward."""

    review_id: int
    kind: Kind
    why: str
    left: Side
    right: Side
    weight: float | None
    probability: float | None
    opened_at: Time
    harm: float = Field(description="what orders the list")
    at_stake: AtStake


class ReviewsAnswer(Fresh):
    """Open cases, those first in which a wrong or late answer would harm most."""

    reviews: list[OpenReview]
    next: str | None = Field(description="the cursor of the next page, if there is one")


class SharedThing(FrozenModel):
    """One thing that two customers share, as the matcher reads it."""

    tie: SharedAttribute
    value: str


class RelativeAnswer(FrozenModel):
    """Another customer of the household."""

    customer_id: UUID
    shares: list[SharedThing]


class HouseholdAnswer(Fresh):
    """Who shares a home or a contact with a customer and is someone else."""

    customer_id: UUID
    household: list[RelativeAnswer]


@reviews.get("/v1/reviews", responses=responses_for(ReviewsAnswer))
@needs("reviews:read")
def open_reviews(query: ReviewsQuery) -> Response:
    """List the open cases, those first in which a wrong answer would harm most."""
    listing = f"reviews:{query.kind or ''}"
    place = context().cursors.open(listing, query.cursor)
    after = (float(place[0]), int(place[1])) if place else None
    found = read(
        lambda c: review_reads.page(
            c, kind=query.kind, after=after, limit=query.limit + 1
        )
    )
    shown, following = found[: query.limit], None
    if len(found) > query.limit:
        last = shown[-1]
        following = context().cursors.seal(listing, [last.harm, last.review_id])
    return json_answer(
        {
            "reviews": [_review(one) for one in shown],
            "next": following,
            "freshness": orjson.Fragment(read(system_freshness.freshness)),
        }
    )


def _review(one: OpenCase) -> dict[str, Any]:
    told = one._asdict()
    names = ("review_id", "kind", "why", "weight", "probability", "opened_at", "harm")
    stake = ("points", "open_orders", "consent_conflict", "uncertainty")
    return {
        **{name: told[name] for name in names},
        "left": {"source_key": one.left_key, "customer_id": one.left_id},
        "right": {"source_key": one.right_key, "customer_id": one.right_id},
        "at_stake": {name: told[name] for name in stake},
    }


@reviews.get(
    "/v1/customers/<customer_id>/household",
    responses=responses_for(HouseholdAnswer, 404, moved=True),
)
@needs("households:read")
def customer_household(path: CustomerPath) -> Response:
    """List who shares a home or a contact with a customer and is someone else."""
    found = read(lambda c: households.household(c, path.customer_id))
    if found is None:
        raise unknown_customer()
    if found.retired_into is not None:
        return redirect_to_survivor(path.customer_id)
    if not found.exists:
        raise unknown_customer()
    return json_answer(
        {
            "customer_id": path.customer_id,
            "household": [_relative(one) for one in found.relatives],
            "freshness": orjson.Fragment(found.freshness),
        }
    )


def _relative(one: Relative) -> dict[str, Any]:
    return {
        "customer_id": one.customer_id,
        "shares": [{"tie": tie, "value": value} for tie, value in one.shares],
    }
