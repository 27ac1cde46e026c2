"""One order in one vocabulary: its steps by source position, and its promise."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask_openapi.openapi import OpenAPI

from schemas.change_event import OrderChange
from schemas.facts import Order, OrderStatus
from service.api.models.responses import OrderAnswer, OrdersAnswer
from service.database.connection.session import Connection
from service.database.facts import orders
from service.domain.order_status import NEXT, Promise, Told, promise, reachable, steps
from tests.api.channel import Channel
from tests.api.factories import a_customer, an_order
from tests.resolver.deliveries import order as order_change

PARIS = ZoneInfo("Europe/Paris")
S = OrderStatus
WEB_TO_STORE = [S.PLACED, S.PAID, S.PREPARING, S.READY_FOR_PICKUP, S.COLLECTED]


def _order(status: OrderStatus, kind: str = "pickup", **fields: Any) -> Order:
    return Order.model_validate(
        {
            "channel": "ecommerce",
            "status": status,
            "placed_at": datetime(2026, 5, 1, 9, tzinfo=UTC),
            "fulfilment": {"kind": kind, "promised_on": date(2026, 5, 3)},
            **fields,
        }
    )


def _told(*statuses: OrderStatus) -> list[Told]:
    return [Told((n,), status, None) for n, status in enumerate(statuses)]


def test_every_status_has_its_next_and_none_comes_before_itself() -> None:
    assert set(NEXT) == set(OrderStatus)
    for status in OrderStatus:
        assert status not in reachable(status)
        assert all(not one.is_open for one in reachable(status)) or status.is_open


@pytest.mark.parametrize(
    ("told", "legal"),
    [
        (WEB_TO_STORE, True),
        ([S.PLACED, S.SHIPPED, S.READY_FOR_PICKUP, S.COLLECTED, S.RETURNED], True),
        ([S.PLACED, S.COLLECTED], True),  # a polled source skips some
        ([S.PLACED, S.PLACED, S.PAID], True),
        ([S.PLACED, S.PREPARING, S.SHIPPED, S.DELIVERED, S.PAID], True),  # on delivery
        ([S.PLACED, S.DELIVERED, S.PAID, S.RETURNED], True),
        ([S.PLACED, S.DELIVERED, S.PAID, S.PREPARING], False),  # it left long ago
        ([S.DELIVERED, S.SHIPPED], False),
        ([S.CANCELLED, S.COLLECTED], False),
        ([S.REFUNDED, S.RETURNED], False),
    ],
)
def test_a_step_is_legal_if_a_source_may_take_it(
    told: list[OrderStatus], legal: bool
) -> None:
    taken = steps(_told(*told))

    assert all(step.legal for step in taken) is legal
    assert [step.status for step in taken] == list(dict.fromkeys(told))


def test_steps_are_judged_by_position_in_whatever_order_they_arrive() -> None:
    told = _told(S.PLACED, S.SHIPPED, S.PREPARING, S.DELIVERED)

    every = {tuple(steps(arrived)) for arrived in permutations(told)}

    assert len(every) == 1
    assert [step.legal for step in every.pop()] == [True, True, False, True]


@pytest.mark.parametrize(
    ("order", "at", "expected"),
    [
        (_order(S.PAID), "2026-05-03T21:59:00Z", Promise(False, 0)),
        (_order(S.PAID), "2026-05-03T22:00:00Z", Promise(True, 1)),  # midnight in Paris
        (_order(S.SHIPPED, "delivery"), "2026-05-06T09:00:00Z", Promise(True, 3)),
        (_order(S.CANCELLED), "2026-06-01T09:00:00Z", Promise(None, None)),
        (_order(S.READY_FOR_PICKUP), "2026-06-01T09:00:00Z", Promise(None, None)),
        (_order(S.PAID, fulfilment=None), "2026-06-01T09:00:00Z", Promise(None, None)),
    ],
)
def test_an_order_is_late_when_the_promised_day_has_ended_where_the_retailer_is(
    order: Order, at: str, expected: Promise
) -> None:
    assert promise(order, [], now=datetime.fromisoformat(at), zone=PARIS) == expected


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ({"ready_for_pickup": "03", "collected": "09"}, Promise(False, 0)),
        ({"ready_for_pickup": "05", "collected": "09"}, Promise(True, 2)),
        ({"collected": "02"}, Promise(False, 0)),
        ({"collected": "09"}, Promise(None, None)),  # it may have waited since the 3rd
    ],
)
def test_a_pickup_keeps_its_promise_when_it_waits_in_the_store(
    history: dict[str, str], expected: Promise
) -> None:
    changes = [
        {"status": status, "at": f"2026-05-{day}T10:00:00Z"}
        for status, day in history.items()
    ]
    order = _order(S.COLLECTED, status_history=changes)
    now = datetime(2026, 6, 1, tzinfo=UTC)

    assert promise(order, [], now=now, zone=PARIS) == expected


def test_an_order_from_the_web_to_the_store_is_the_same_from_any_channel(
    channel: Channel, app: OpenAPI, rows: Connection
) -> None:
    a_customer(rows, "ecommerce:C-1")
    told: list[OrderChange] = [
        order_change("ecommerce:W-7", n, "ecommerce:C-1", status)
        for n, status in enumerate([*WEB_TO_STORE[:4], S.PREPARING, S.COLLECTED])
    ]
    for late_or_not in (told[3:], told[:3], told):
        orders.keep_steps(rows, late_or_not)
    fulfilment = {"kind": "pickup", "store": "Lille", "promised_on": "2026-05-03"}
    an_order(
        rows,
        "ecommerce:W-7",
        of="ecommerce:C-1",
        status="collected",
        fulfilment=fulfilment,
    )
    held = app.extensions["couture"]
    noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
    app.extensions["couture"] = dataclasses.replace(held, clock=lambda: noon)

    told_order = OrderAnswer.model_validate_json(
        channel.get("/v1/orders/ecommerce:W-7").data
    )

    assert [step.status for step in told_order.steps] == [
        *WEB_TO_STORE[:4],
        S.PREPARING,
        S.COLLECTED,
    ]
    assert [step.legal for step in told_order.steps] == [*[True] * 4, False, True]
    assert told_order.irregular
    # the source told of every step in October 2025, before the promised day
    assert (told_order.late, told_order.days_late) == (False, 0)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["pos:2", "ecommerce:1", "pos:1"]),
        ("open=true", ["ecommerce:1"]),
        ("open=false", ["pos:2", "pos:1"]),
        ("status=returned", ["pos:1"]),
        ("channel=store", ["pos:2", "pos:1"]),
        ("since=2026-05-03T12:01:00Z", ["pos:2", "ecommerce:1"]),
        ("since=2026-05-03T12:01:00Z&until=2026-05-03T12:02:00Z", ["ecommerce:1"]),
        ("channel=nowhere", []),
    ],
)
def test_orders_are_filtered(
    channel: Channel, three_orders: UUID, query: str, shown: list[str]
) -> None:
    answer = channel.get(f"/v1/customers/{three_orders}/orders?{query}")

    orders = OrdersAnswer.model_validate_json(answer.data).orders
    assert [str(order.key) for order in orders] == shown


@pytest.fixture
def three_orders(rows: Connection) -> UUID:
    """A customer with an order on the web and two in the store."""
    found = a_customer(rows, "pos:C-1")
    for minutes, key, status, where in (
        (0, "pos:1", "returned", "store"),
        (1, "ecommerce:1", "paid", "web"),
        (2, "pos:2", "collected", "store"),
    ):
        an_order(rows, key, of="pos:C-1", minutes=minutes, status=status, channel=where)
    return found


@pytest.mark.parametrize("query", ["status=lost", "open=maybe", "since=yesterday"])
def test_a_filter_that_does_not_fit_is_a_422(
    channel: Channel, three_orders: UUID, query: str
) -> None:
    answer = channel.get(f"/v1/customers/{three_orders}/orders?{query}")

    assert answer.status_code == 422
