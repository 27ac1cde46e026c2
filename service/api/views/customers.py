"""Profiles: by customer id, and by what a channel knows of the person."""

from __future__ import annotations

import hashlib
from uuid import UUID

import orjson
from flask import Response, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from service.access import needs
from service.api.http.context import context, read
from service.api.http.pagination import (
    JSON,
    json_answer,
    redirect_to_survivor,
    unknown_customer,
)
from service.api.http.security_headers import KEY
from service.api.models.parameters import CustomerPath, LookupQuery
from service.api.models.responses import CustomersAnswer, ProfileAnswer, responses_for
from service.database.customers import profiles
from service.database.customers.profiles import Found, StoredProfile

customers = APIBlueprint(
    "customers",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="customers", description="Profiles and look-up")],
)


@customers.get(
    "/v1/customers/<customer_id>",
    responses=responses_for(ProfileAnswer, 304, 404, moved=True),
)
@needs("customers:read")
def profile(path: CustomerPath) -> Response:
    """Read the profile of a customer.

    A retired id answers 307 with the survivor's address. The ETag is the version:
    with `If-None-Match` an unchanged profile is a 304.
    """
    customer_id, known = path.customer_id, _known_version(path.customer_id)
    stored = read(lambda c: profiles.by_id(c, customer_id, known=known))
    if stored is None:
        raise unknown_customer()
    if stored.retired_into is not None:
        return redirect_to_survivor(customer_id)
    if not stored.exists:
        raise unknown_customer()
    return _profile_answer(customer_id, stored)


def _known_version(customer_id: UUID) -> int | None:
    """Return the version of this customer that the caller already holds, if any."""
    if "If-None-Match" not in request.headers:
        return None
    for tag in request.if_none_match.as_set(include_weak=True):
        owner, _, version = tag.rpartition(".")
        if owner == str(customer_id) and version.isascii() and version.isdigit():
            return int(version) if len(version) < 19 else None
    return None


def _profile_answer(customer_id: UUID, stored: StoredProfile) -> Response:
    if stored.document is None:
        answer = Response(status=304)
    else:
        # The document is finished JSON: freshness goes in before its closing brace.
        body = stored.document.rstrip()[:-1] + b',"freshness":' + stored.freshness
        answer = Response(body + b"}", content_type=JSON)
    # Weak, because the freshness in the body moves while the version stands.
    answer.headers["ETag"] = f'W/"{customer_id}.{stored.version}"'
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@customers.get("/v1/customers", responses=responses_for(CustomersAnswer))
@needs("customers:read")
def lookup(query: LookupQuery) -> Response:
    """Find customers by source key, e-mail, phone or card.

    The answer is always a list: nobody, one customer, or several who share the value.
    """
    if query.source_key is not None:
        key = query.source_key
        found = read(lambda connection: profiles.by_source_key(connection, key))
        return _customers_answer(found, None)
    return _by_contact(query)


def _by_contact(query: LookupQuery) -> Response:
    kind, value = query.contact()
    # The cursor is sealed for the value but must not show it.
    digest = hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()
    place = context().cursors.open(f"customers:{digest}", query.cursor)
    last = UUID(place[0]) if place else None
    limit = query.limit
    found = read(
        lambda c: profiles.by_contact(c, kind, value, after=last, limit=limit + 1)
    )
    if len(found.documents) <= limit:
        return _customers_answer(found, None)
    shown = found._replace(documents=found.documents[:limit])
    last_id = str(shown.documents[-1][0])
    return _customers_answer(
        shown, context().cursors.seal(f"customers:{digest}", [last_id])
    )


def _customers_answer(found: Found, next_cursor: str | None) -> Response:
    return json_answer(
        {
            "customers": [orjson.Fragment(document) for _, document in found.documents],
            "next": next_cursor,
            "freshness": orjson.Fragment(found.freshness),
        }
    )
