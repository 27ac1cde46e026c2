"""The timeline: contacts, orders, movements and consents in one stream."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from service.access import needs
from service.api.http.context import read
from service.api.http.pagination import after, page_answer
from service.api.http.security_headers import KEY
from service.api.models.parameters import CustomerPath
from service.api.models.responses import responses_for
from service.api.models.timeline import TimelineAnswer, TimelineQuery
from service.database.facts import timeline as timeline_reads
from service.database.facts.timeline import TimelineFilter

timeline = APIBlueprint(
    "timeline",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="timeline", description="All that happened, in one stream")],
)


@timeline.get(
    "/v1/customers/<customer_id>/timeline",
    responses=responses_for(TimelineAnswer, 404, moved=True),
)
@needs("timeline:read")
def customer_timeline(path: CustomerPath, query: TimelineQuery) -> Response:
    """List all that happened to a customer in every channel, newest first."""
    place = after("timeline", path.customer_id, query.cursor)
    last = (place[0], place[1], place[2], place[3]) if place else None
    only = TimelineFilter(query.kind, query.since, query.until)
    stored = read(
        lambda c: timeline_reads.page(
            c, path.customer_id, after=last, limit=query.limit, only=only
        )
    )
    return page_answer(
        stored,
        listing="timeline",
        customer_id=path.customer_id,
        limit=query.limit,
        row=entry,
        place=lambda row: [row["at"], row["kind"], row["system"], row["id"]],
    )


def entry(row: dict[str, Any]) -> dict[str, Any]:
    """Return a stored row as the timeline shows it."""
    return {
        "kind": row["kind"],
        "key": f"{row['system']}:{row['id']}",
        "at": row["at"],
        "of": row["of"],
        row["kind"]: row["record"],
    }
