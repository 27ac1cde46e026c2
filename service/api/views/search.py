"""Search before create: is the person at the counter known already?"""

from __future__ import annotations

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field

from service.access import needs
from service.api.http.context import context
from service.api.http.pagination import fresh_answer, read_at_once
from service.api.http.problems import invalid_parameter
from service.api.http.security_headers import KEY
from service.api.models.responses import Fresh, responses_for
from service.search.query import SearchQuery
from service.search.result import SearchResult
from service.search.search import search as search_customers

search = APIBlueprint(
    "search",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="search", description="Search before create")],
)


class SearchAnswer(SearchResult, Fresh):
    """Who the person may be, best first, and what would tell more."""


class SearchLimit(BaseModel):
    """How many to show."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: int = Field(default=10, ge=1, le=50, description="customers shown")


@search.post("/v1/customers/search", responses=responses_for(SearchAnswer, 400, 415))
@needs("customers:read")
def find(body: SearchQuery, query: SearchLimit) -> Response:
    """Find whom a person may be, before making another customer of them.

    Weights are those that the stream would store if the person were published now.
    It is a POST so that no personal data stands in an address; it writes nothing.
    """
    if body.is_empty():
        raise invalid_parameter("body", "says nothing of the person")
    judges = context().judges
    found, freshness = read_at_once(
        lambda c: search_customers(c, body, judges=judges, limit=query.limit)
    )
    return fresh_answer(found, freshness)
