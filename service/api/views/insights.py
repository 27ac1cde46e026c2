"""Insights: how often customers must come back, as figures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from service.access import needs
from service.api.http.context import context, read
from service.api.http.pagination import (
    json_answer,
    redirect_to_survivor,
    unknown_customer,
)
from service.api.http.problems import invalid_parameter
from service.api.http.security_headers import KEY
from service.api.models.parameters import CustomerPath
from service.api.models.responses import responses_for
from service.api.models.timeline import (
    CustomerInsightsAnswer,
    InsightsAnswer,
    InsightsQuery,
)
from service.database.customers import profiles
from service.database.facts import cases
from service.database.sources import system_freshness

DEFAULT_WINDOW = timedelta(days=30)
LONGEST_WINDOW = timedelta(days=366)

insights = APIBlueprint(
    "insights",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="insights", description="Contacts and cases as figures")],
)


@insights.get("/v1/insights", responses=responses_for(InsightsAnswer))
@needs("insights:read")
def everyone(query: InsightsQuery) -> Response:
    """Read contacts, repeats and first-contact resolution over all customers."""
    return json_answer(_figures(query))


@insights.get(
    "/v1/customers/<customer_id>/insights",
    responses=responses_for(CustomerInsightsAnswer, 404, moved=True),
)
@needs("insights:read")
def of_customer(path: CustomerPath, query: InsightsQuery) -> Response:
    """Read the same figures for one customer."""
    customer_id = path.customer_id
    stored = read(lambda c: profiles.by_id(c, customer_id))
    if stored is not None and stored.retired_into is not None:
        return redirect_to_survivor(customer_id)
    if stored is None or not stored.exists:
        raise unknown_customer()
    return json_answer({"customer_id": customer_id, **_figures(query, customer_id)})


def _figures(query: InsightsQuery, customer_id: UUID | None = None) -> dict[str, Any]:
    since, until = _window(query)
    found = read(
        lambda c: cases.insights(
            c,
            since=since,
            until=until,
            repeat_days=query.repeat_days,
            customer_id=customer_id,
        )
    )
    return {
        "since": since,
        "until": until,
        "repeat_days": query.repeat_days,
        **found,
        "contacts_per_customer": _share(found["contacts"], found["customers"]),
        "repeat_rate": _share(found["repeat_contacts"], found["contacts"]),
        "first_contact_resolution": _share(
            found["resolved_at_first_contact"], found["closed_cases"]
        ),
        "freshness": orjson.Fragment(read(system_freshness.freshness)),
    }


def _window(query: InsightsQuery) -> tuple[datetime, datetime]:
    until = query.until or context().clock()
    # a time in year 1 has nothing before it to look back to
    if until.year > 1:
        since = query.since or until - DEFAULT_WINDOW
        if since.year > 1 and timedelta(0) < until - since <= LONGEST_WINDOW:
            return since, until
    raise invalid_parameter("since", "is not within the 366 days before until")


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
