"""The crosswalk of a customer: its source records, as the systems hold them."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from service.access import needs
from service.api.http.context import read
from service.api.http.pagination import after, page_answer
from service.api.http.security_headers import KEY
from service.api.models.parameters import CustomerPath, PageQuery
from service.api.models.responses import SourcesAnswer, responses_for
from service.database.customers import crosswalk

sources = APIBlueprint(
    "sources",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="sources", description="The source records behind a customer")],
)


@sources.get(
    "/v1/customers/<customer_id>/sources",
    responses=responses_for(SourcesAnswer, 404, moved=True),
)
@needs("sources:read")
def customer_sources(path: CustomerPath, query: PageQuery) -> Response:
    """List the source records that make a customer, losing values included."""
    place = after("sources", path.customer_id, query.cursor)
    last = int(place[0]) if place else 0
    stored = read(
        lambda c: crosswalk.page(c, path.customer_id, after=last, limit=query.limit)
    )
    return page_answer(
        stored,
        listing="sources",
        customer_id=path.customer_id,
        limit=query.limit,
        row=_entry,
        place=lambda row: [row["record_id"]],
    )


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "record_id"}
