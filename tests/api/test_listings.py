"""Loyalty, orders and the crosswalk: paged, newest first, nothing lost or repeated."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas.golden_record import Balance
from service.api.models.responses import (
    LoyaltyAnswer,
    MovementsAnswer,
    OrderAnswer,
    OrdersAnswer,
    SourcesAnswer,
)
from service.database.connection.session import Connection
from tests.api.channel import Channel
from tests.api.factories import (
    a_customer,
    a_movement,
    a_source_record,
    a_system,
    an_order,
)


def test_balances_are_those_of_the_profile(channel: Channel, rows: Connection) -> None:
    balances = [Balance(programme="fidelity", unit="EUR", amount=Decimal("12.50"))]
    customer_id = a_customer(rows, "loyalty:M-1", version=3, loyalty=balances)
    a_system(rows, "loyalty")

    answer = channel.get(f"/v1/customers/{customer_id}/loyalty")

    told = LoyaltyAnswer.model_validate_json(answer.data)
    (balance,) = told.loyalty
    assert (told.version, balance.amount, balance.unit) == (3, Decimal("12.50"), "EUR")
    assert balance.spendable == balance.amount
    assert told.freshness["loyalty"].lag_ms == 250


def test_movements_of_all_accounts_come_newest_first(
    channel: Channel, rows: Connection
) -> None:
    customer_id = a_customer(rows, "loyalty:M-1", "loyalty:M-2")
    stranger = a_customer(rows, "loyalty:M-3")
    a_movement(rows, "loyalty:1", of="loyalty:M-1", amount="100", minutes=1)
    a_movement(rows, "loyalty:2", of="loyalty:M-2", amount="-30.5", minutes=2)
    a_movement(rows, "loyalty:3", of="loyalty:M-3", amount="7")

    answer = channel.get(f"/v1/customers/{customer_id}/loyalty/movements")

    told = MovementsAnswer.model_validate_json(answer.data)
    amounts = [(str(m.account), m.amount) for m in told.movements]
    assert amounts == [
        ("loyalty:M-2", Decimal("-30.5")),
        ("loyalty:M-1", Decimal("100")),
    ]
    assert stranger != customer_id


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 200])
def test_paging_shows_every_movement_once_though_many_share_an_instant(
    channel: Channel, rows: Connection, limit: int
) -> None:
    customer_id = a_customer(rows, "loyalty:M-1", "till:M-1")
    for n in range(9):
        of = "loyalty:M-1" if n % 2 else "till:M-1"
        a_movement(rows, f"loyalty:{n}", of=of, amount="1", minutes=n // 4)

    pages = channel.pages(
        f"/v1/customers/{customer_id}/loyalty/movements", "movements", limit=limit
    )

    shown = [(m["at"], m["key"]) for page in pages for m in page]
    assert len(shown) == 9
    assert shown == sorted(set(shown), reverse=True)
    assert all(len(page) == limit for page in pages[:-1])


@pytest.mark.parametrize("limit", [1, 4, 200])
def test_paging_shows_every_order_once_though_many_share_an_instant(
    channel: Channel, rows: Connection, limit: int
) -> None:
    customer_id = a_customer(rows, "pos:C-1", "ecommerce:C-1")
    for n in range(8):
        an_order(rows, f"pos:{n}", of="pos:C-1", minutes=n // 3)
        an_order(rows, f"ecommerce:{n}", of="ecommerce:C-1", minutes=n // 3)

    pages = channel.pages(f"/v1/customers/{customer_id}/orders", "orders", limit=limit)

    keys = [order["key"] for page in pages for order in page]
    times = [order["placed_at"] for page in pages for order in page]
    assert len(keys) == len(set(keys)) == 16
    assert times == sorted(times, reverse=True)


def test_an_order_that_comes_while_paging_hides_no_other(
    channel: Channel, rows: Connection
) -> None:
    customer_id = a_customer(rows, "pos:C-1")
    for n in range(4):
        an_order(rows, f"pos:{n}", of="pos:C-1", minutes=n)
    address = f"/v1/customers/{customer_id}/orders?limit=2"

    first = channel.get(address).json
    an_order(rows, "pos:new", of="pos:C-1", minutes=9)
    second = channel.get(f"{address}&cursor={first['next']}").json

    keys = [order["key"] for order in first["orders"] + second["orders"]]
    assert keys == ["pos:3", "pos:2", "pos:1", "pos:0"]


def test_orders_are_whole_and_deleted_ones_are_gone(
    channel: Channel, rows: Connection
) -> None:
    customer_id = a_customer(rows, "pos:C-1")
    an_order(rows, "pos:1", of="pos:C-1", status="shipped")
    an_order(rows, "pos:2", of="pos:C-1")
    rows.execute("UPDATE customer_order SET deleted = true WHERE id = '2'")

    answer = channel.get(f"/v1/customers/{customer_id}/orders")

    orders = OrdersAnswer.model_validate_json(answer.data).orders
    assert [(str(order.key), order.status) for order in orders] == [
        ("pos:1", "shipped")
    ]
    assert channel.get("/v1/orders/pos:2").status_code == 404


def test_one_order_is_read_from_any_channel_with_its_customer(
    channel: Channel, rows: Connection
) -> None:
    customer_id = a_customer(rows, "ecommerce:C-1")
    an_order(rows, "ecommerce:2026/11 #7", of="ecommerce:C-1", status="paid")
    a_system(rows, "ecommerce")

    answer = channel.get("/v1/orders/ecommerce:2026/11%20%237")

    order = OrderAnswer.model_validate_json(answer.data)
    assert (str(order.key), order.status) == ("ecommerce:2026/11 #7", "paid")
    assert order.customer_id == customer_id
    assert "ecommerce" in order.freshness


def test_an_order_whose_customer_is_not_known_yet_says_so(
    channel: Channel, rows: Connection
) -> None:
    a_customer(rows, "pos:C-1")
    an_order(rows, "pos:1", of="pos:C-1")
    rows.execute("UPDATE customer_order SET customer_record_id = NULL")

    assert channel.get("/v1/orders/pos:1").json["customer_id"] is None


@pytest.mark.parametrize(
    ("key", "status"),
    [("pos:404", 404), ("nokey", 422), ("Pos:1", 422), ("pos:%00", 422)],
)
def test_an_unknown_order_is_a_404_and_no_key_a_422(
    channel: Channel, key: str, status: int
) -> None:
    assert channel.get(f"/v1/orders/{key}").status_code == status


def test_the_crosswalk_shows_each_source_record_as_its_system_holds_it(
    channel: Channel, rows: Connection
) -> None:
    customer_id = a_customer(rows, "pos:C-1", "ecommerce:7", "loyalty:9")
    stub = a_source_record(rows, customer_id, "desk:1")
    rows.execute("UPDATE source_record SET record = NULL, position = NULL"
                 " WHERE record_id = %s", [stub])  # fmt: skip
    rows.execute("UPDATE source_record SET deleted = true WHERE system = 'loyalty'")

    pages = channel.pages(f"/v1/customers/{customer_id}/sources", "sources", limit=1)
    answer = channel.get(f"/v1/customers/{customer_id}/sources")

    told = SourcesAnswer.model_validate_json(answer.data).sources
    assert [str(entry.source_key) for entry in told] == [
        "pos:C-1",
        "ecommerce:7",
        "desk:1",
    ]
    assert told[0].record is not None
    assert told[0].record.given_name == "Marie"
    assert told[2].record is None
    assert [page[0]["source_key"] for page in pages] == [
        str(entry.source_key) for entry in told
    ]


def test_a_cursor_serves_only_the_list_it_was_given_for(
    channel: Channel, rows: Connection
) -> None:
    mine, other = a_customer(rows, "pos:C-1"), a_customer(rows, "pos:C-2")
    for n in range(3):
        an_order(rows, f"pos:{n}", of="pos:C-1", minutes=n)
    cursor = channel.get(f"/v1/customers/{mine}/orders?limit=1").json["next"]
    swapped = ("B" if cursor[0] == "A" else "A") + cursor[1:]

    for path in (
        f"/v1/customers/{other}/orders?cursor={cursor}",
        f"/v1/customers/{mine}/loyalty/movements?cursor={cursor}",
        f"/v1/customers/{mine}/orders?cursor={swapped}",
        f"/v1/customers/{mine}/orders?cursor={cursor[:-4]}",
        f"/v1/customers/{mine}/orders?cursor=",
        f"/v1/customers/{mine}/orders?cursor=é",
    ):
        answer = channel.get(path)
        assert answer.status_code == 422, path
        assert answer.json["errors"][0]["parameter"] == "cursor"
    assert (
        channel.get(f"/v1/customers/{mine}/orders?cursor={cursor}").status_code == 200
    )
