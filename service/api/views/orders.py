"""Orders: a customer's, and one by its key from any channel."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from service.access import needs
from service.api.http.context import read
from service.api.http.pagination import after, json_answer, page_answer, time_place
from service.api.http.problems import ProblemError
from service.api.http.security_headers import KEY
from service.api.models.order_document import order_view
from service.api.models.parameters import CustomerPath, OrderPath, OrdersQuery
from service.api.models.responses import OrderAnswer, OrdersAnswer, responses_for
from service.database.facts import orders as order_reads
from service.database.facts.orders import OrderFilter

orders = APIBlueprint(
    "orders",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="orders", description="Orders and their status")],
)


@orders.get(
    "/v1/customers/<customer_id>/orders",
    responses=responses_for(OrdersAnswer, 404, moved=True),
)
@needs("orders:read")
def customer_orders(path: CustomerPath, query: OrdersQuery) -> Response:
    """List a customer's orders of all channels, newest first."""
    only = OrderFilter(
        query.status, query.open, query.channel, query.since, query.until
    )
    place = after("orders", path.customer_id, query.cursor)
    last = (place[0], place[1], place[2]) if place else None
    stored = read(
        lambda c: order_reads.page(
            c, path.customer_id, after=last, limit=query.limit, only=only
        )
    )
    return page_answer(
        stored,
        listing="orders",
        customer_id=path.customer_id,
        limit=query.limit,
        row=_keyed,
        place=time_place,
    )


def _keyed(row: dict[str, Any]) -> dict[str, Any]:
    return order_view(f"{row['system']}:{row['id']}", row["record"], row["steps"])


@orders.get("/v1/orders/<path:order_key>", responses=responses_for(OrderAnswer, 404))
@needs("orders:read")
def order(path: OrderPath) -> Response:
    """Read one order and its status, whichever channel it was placed in."""
    key = path.order_key
    stored = read(lambda connection: order_reads.by_key(connection, key))
    if stored is None:
        raise ProblemError("not-found", "No order has this key.")
    return json_answer(
        {
            **order_view(str(key), stored.record, stored.steps),
            "customer_id": stored.customer_id,
            "freshness": orjson.Fragment(stored.freshness),
        }
    )
