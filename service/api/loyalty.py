"""Loyalty: balances, and the movements that they are the sum of."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from service.access import needs
from service.api.answers import LoyaltyAnswer, MovementsAnswer, documented
from service.api.context import read
from service.api.pages import (
    after,
    json_answer,
    moved,
    page_answer,
    time_place,
    unknown_customer,
)
from service.api.parameters import CustomerPath, PageQuery
from service.api.security import KEY
from service.database import movement_reads, profiles

loyalty = APIBlueprint(
    "loyalty",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="loyalty", description="Balances and movements")],
)


@loyalty.get(
    "/v1/customers/<customer_id>/loyalty",
    responses=documented(LoyaltyAnswer, 404, moved=True),
)
@needs("loyalty:read")
def balances(path: CustomerPath) -> Response:
    """Read a customer's balances per programme and unit.

    They are those of the profile of the same version, so no two answers disagree.
    """
    stored = read(lambda connection: profiles.by_id(connection, path.customer_id))
    if stored is not None and stored.retired_into is not None:
        return moved(path.customer_id)
    if stored is None or stored.document is None:
        raise unknown_customer()
    return json_answer(
        {
            "customer_id": path.customer_id,
            "version": stored.version,
            "loyalty": orjson.loads(stored.document).get("loyalty", []),
            "freshness": orjson.Fragment(stored.freshness),
        }
    )


@loyalty.get(
    "/v1/customers/<customer_id>/loyalty/movements",
    responses=documented(MovementsAnswer, 404, moved=True),
)
@needs("loyalty:read")
def movements(path: CustomerPath, query: PageQuery) -> Response:
    """List a customer's loyalty movements, newest first."""
    place = after("movements", path.customer_id, query.cursor)
    last = (place[0], place[1], place[2]) if place else None
    stored = read(
        lambda c: movement_reads.page(
            c, path.customer_id, after=last, limit=query.limit
        )
    )
    return page_answer(
        stored,
        listing="movements",
        customer_id=path.customer_id,
        limit=query.limit,
        row=_movement,
        place=time_place,
    )


_COPIED = ("account", "programme", "unit", "amount", "kind", "at", "expires_on")


def _movement(row: dict[str, Any]) -> dict[str, Any]:
    key = f"{row['system']}:{row['id']}"
    return {
        "key": key,
        "order": row["order_key"],
        **{name: row[name] for name in _COPIED},
    }
