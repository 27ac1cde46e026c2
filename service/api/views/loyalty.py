"""Loyalty: balances, and the movements that they are the sum of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from service.access import needs
from service.api.http.context import context, read
from service.api.http.idempotency import IdempotencyHeader, idempotent
from service.api.http.pagination import (
    after,
    json_answer,
    page_answer,
    redirect_to_survivor,
    time_place,
    unknown_customer,
)
from service.api.http.security_headers import KEY
from service.api.models.parameters import CustomerPath, PageQuery
from service.api.models.responses import (
    ExpiringAnswer,
    LoyaltyAnswer,
    MovementsAnswer,
    responses_for,
)
from service.api.models.writes import MovementMade, NewMovement, written
from service.api.views import movements as moving
from service.database.connection.session import Connection
from service.database.customers import profiles
from service.database.facts import movements
from service.database.sources import system_freshness
from service.domain.loyalty import expiring as lots_to_expire
from service.loyalty import expired

loyalty = APIBlueprint(
    "loyalty",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="loyalty", description="Balances and movements")],
)


@loyalty.get(
    "/v1/customers/<customer_id>/loyalty",
    responses=responses_for(LoyaltyAnswer, 404, moved=True),
)
@needs("loyalty:read")
def balances(path: CustomerPath) -> Response:
    """Read a customer's balances per programme and unit.

    Amounts are those of the profile of the same version, so no two answers disagree;
    `spendable` is the amount without what is left of points past their day.
    """
    stored = read(lambda connection: profiles.by_id(connection, path.customer_id))
    if stored is not None and stored.retired_into is not None:
        return redirect_to_survivor(path.customer_id)
    if stored is None or stored.document is None:
        raise unknown_customer()
    balances = orjson.loads(stored.document).get("loyalty", [])
    amounts = read(lambda c: _spendable(c, path.customer_id, balances))
    for balance, amount in zip(balances, amounts, strict=True):
        balance["spendable"] = moving.plain(amount)
    return json_answer(
        {
            "customer_id": path.customer_id,
            "version": stored.version,
            "loyalty": balances,
            "freshness": orjson.Fragment(stored.freshness),
        }
    )


@loyalty.get(
    "/v1/customers/<customer_id>/loyalty/movements",
    responses=responses_for(MovementsAnswer, 404, moved=True),
)
@needs("loyalty:read")
def customer_movements(path: CustomerPath, query: PageQuery) -> Response:
    """List a customer's loyalty movements, newest first."""
    place = after("movements", path.customer_id, query.cursor)
    last = (place[0], place[1], place[2]) if place else None
    stored = read(
        lambda c: movements.page(c, path.customer_id, after=last, limit=query.limit)
    )
    return page_answer(
        stored,
        listing="movements",
        customer_id=path.customer_id,
        limit=query.limit,
        row=_movement,
        place=time_place,
    )


@loyalty.get(
    "/v1/customers/<customer_id>/loyalty/expiring",
    responses=responses_for(ExpiringAnswer, 404, moved=True),
)
@needs("loyalty:read")
def expiring(path: CustomerPath) -> Response:
    """List what is left to spend of a customer's points, by the day they expire.

    Points spent come out of those that expire first. Points past their day are not
    listed: they cannot be spent.
    """
    customer_id = path.customer_id
    stored = read(lambda connection: profiles.by_id(connection, customer_id))
    if stored is not None and stored.retired_into is not None:
        return redirect_to_survivor(customer_id)
    if stored is None or stored.document is None:
        raise unknown_customer()
    ledgers = read(lambda connection: movements.lines_of(connection, customer_id))
    zone = context().zone
    today = context().clock().astimezone(zone).date()
    lots = [
        {
            "programme": programme,
            "unit": unit,
            "expires_on": lot.expires_on,
            "amount": moving.plain(lot.amount),
        }
        for (programme, unit), lines in sorted(ledgers.items())
        for lot in lots_to_expire(lines, today=today, zone=zone)
    ]
    fresh = orjson.Fragment(read(system_freshness.freshness))
    return json_answer({"customer_id": customer_id, "lots": lots, "freshness": fresh})


@loyalty.post("/v1/loyalty/movements", responses=written(MovementMade, 201, 404, 409))
@needs("loyalty:burn")
def move(header: IdempotencyHeader, body: NewMovement) -> Response:
    """Burn points, or earn, adjust or reverse them; at most once for each key.

    A burn that the balance over all the customer's accounts does not cover is a 409.
    """
    moving.check(body)
    return idempotent(header.key, lambda c: moving.move(c, body, key=header.key))


def _spendable(
    connection: Connection, customer_id: UUID, balances: Sequence[Mapping[str, str]]
) -> list[Decimal]:
    now, zone = context().clock(), context().zone
    return [
        Decimal(one["amount"])
        - expired(
            connection,
            customer_id,
            programme=one["programme"],
            unit=one["unit"],
            now=now,
            zone=zone,
        )
        for one in balances
    ]


_COPIED = (
    *("account", "programme", "unit", "amount"),
    *("kind", "at", "expires_on", "confirms"),
)


def _movement(row: dict[str, Any]) -> dict[str, Any]:
    key = f"{row['system']}:{row['id']}"
    return {
        "key": key,
        "order": row["order_key"],
        **{name: row[name] for name in _COPIED},
    }
