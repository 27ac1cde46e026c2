"""Why these records are one customer, and why those two are not."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from service.access import needs
from service.api.http.context import context, read
from service.api.http.pagination import (
    fresh_answer,
    read_at_once,
    redirect_to_survivor,
    unknown_customer,
)
from service.api.http.problems import ProblemError
from service.api.http.security_headers import KEY
from service.api.models.parameters import CustomerPath
from service.api.models.responses import Fresh, responses_for
from service.database.customers import profiles
from service.explanation.customer import explain_customer
from service.explanation.models import CustomerExplanation, WhyExplanation
from service.explanation.why import Subject, UnknownSubject, subject, why

explanations = APIBlueprint(
    "explanations",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="explanations", description="Why, why not, and how")],
)

_Subject = Annotated[
    Subject,
    BeforeValidator(subject),
    WithJsonSchema({"type": "string", "examples": ["pos:C-1042"]}),
]


class CustomerExplanationAnswer(CustomerExplanation, Fresh):
    """How a customer was built."""


class WhyAnswer(WhyExplanation, Fresh):
    """Why two records or customers are one, or why not."""


class WhyQuery(BaseModel):
    """The two to explain: each a source key or a customer id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    left: _Subject = Field(description="a source key or a customer id")
    right: _Subject = Field(description="a source key or a customer id")


@explanations.get(
    "/v1/customers/<customer_id>/explanation",
    responses=responses_for(CustomerExplanationAnswer, 404, moved=True),
)
@needs("sources:read")
def customer_explanation(path: CustomerPath) -> Response:
    """Tell how a customer was built: its unions, with weights and evidence.

    The unions stand in the order in which clustering made them: stewards' decisions,
    then links by descending weight. The weakest link is marked.
    """
    customer_id, judges = path.customer_id, context().judges
    told, freshness = read_at_once(
        lambda c: explain_customer(c, customer_id, judges=judges)
    )
    if told is not None:
        return fresh_answer(told, freshness)
    stored = read(lambda c: profiles.by_id(c, customer_id))
    if stored is not None and stored.retired_into is not None:
        return redirect_to_survivor(customer_id)
    raise unknown_customer()


@explanations.get("/v1/explanations", responses=responses_for(WhyAnswer, 404))
@needs("sources:read")
def why_or_why_not(query: WhyQuery) -> Response:
    """Tell why two records or customers are one, or why not, and what it would take.

    The verdict names the first reason that stands: decided different, refused by a
    rule, never compared (no shared key), or below the threshold.
    """
    judges = context().judges
    try:
        told, freshness = read_at_once(
            lambda c: why(c, query.left, query.right, judges=judges)
        )
    except UnknownSubject as error:
        side = "left" if error.asked == query.left else "right"
        detail = f"No live record or customer is named by {side}."
        raise ProblemError("not-found", detail) from None
    return fresh_answer(told, freshness)
