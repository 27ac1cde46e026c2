from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from itertools import islice, pairwise
from typing import Any

import pytest

from service.demo.retailer.retailer import Retailer, SourceWrite

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
CUSTOMER_TABLES = {
    ("pos", "customer"),
    ("loyalty", "member"),
    ("ecommerce", "customers"),
    ("call_centre", "contacts"),
}
COLUMNS = {
    "customer": "id title first_name last_name birth_date email phone street"
    " postal_code city loyalty_card store created_at updated_at",
    "sale": "id customer_id store status total sold_at lines",
    "member": "id card_number title given_name family_name birth_name birth_date"
    " email mobile address_line postal_code city opt_in_email opt_in_at joined_at"
    " updated_at",
    "points_ledger": "id member_id kind points sale_ref at expires_on",
    "customers": "id civility firstname lastname birthday email phone addresses"
    " loyalty_card preferences newsletter newsletter_at deleted version created_at"
    " updated_at",
    "orders": "id customer_id status history delivery lines total currency"
    " created_at updated_at version deleted",
    "contacts": "id name phone email birth_date postcode",
    "tickets": "id contact_id case_ref reason subject state promised_reply agent"
    " cost order_ref at",
}
Tables = dict[tuple[str, str], dict[str | int, dict[str, Any]]]


def traded(seed: int, *, people: int = 300, acts: int = 6_000) -> Retailer:
    retailer = Retailer(seed, start=START, people=people)
    for _ in retailer.initial():
        pass
    for _ in islice(retailer.acts(), acts):
        pass
    return retailer


@pytest.fixture(scope="module")
def retailer() -> Retailer:
    return traded(7)


def replayed(acts: list[SourceWrite]) -> Tables:
    """Apply the acts to empty tables, refusing what a database would refuse."""
    tables: Tables = {}
    for act in acts:
        rows = tables.setdefault((act.system, act.table), {})
        assert (act.id in rows) == (act.op != "insert"), act
        if act.op == "delete":
            del rows[act.id]
        else:
            rows[act.id] = act.row
    return tables


def test_the_same_seed_trades_the_same() -> None:
    one, again, other = (
        traded(seed, people=40, acts=400).written for seed in (1, 1, 2)
    )
    assert one == again
    assert one != other


def test_acts_rebuild_exactly_the_rows_the_retailer_knows(retailer: Retailer) -> None:
    for (system, table), rows in replayed(retailer.written).items():
        assert rows == retailer.rows(system, table)


def test_every_row_has_the_columns_of_its_source(retailer: Retailer) -> None:
    for act in retailer.written:
        if act.row:
            assert set(act.row) == set(COLUMNS[act.table].split())


def test_the_truth_knows_every_customer_record_that_stands(retailer: Retailer) -> None:
    tables = replayed(retailer.written)
    standing = {
        f"{system}:{row_id}"
        for system, table in CUSTOMER_TABLES
        for row_id in tables[system, table]
    }
    assert set(retailer.truth()) == standing
    assert set(retailer.truth().values()) <= set(retailer.people())


def test_the_truth_agrees_with_the_acts(retailer: Retailer) -> None:
    truth = retailer.truth()
    for act in retailer.written:
        if (act.system, act.table) in CUSTOMER_TABLES:
            assert truth.get(f"{act.system}:{act.id}", act.person_id) == act.person_id


def test_no_balance_is_ever_below_zero(retailer: Retailer) -> None:
    balances: Counter[str] = Counter()
    for act in retailer.written:
        if act.table == "points_ledger":
            assert act.op == "insert"
            balances[act.row["member_id"]] += act.row["points"]
            assert balances[act.row["member_id"]] >= 0
    expected = {member: balances[member] for member in retailer.points()}
    assert retailer.points() == expected
    assert retailer.total_points() == sum(balances.values()) > 0


def test_every_reference_leads_to_a_row(retailer: Retailer) -> None:
    tables = replayed(retailer.written)
    references = {
        ("pos", "sale", "customer_id"): ("pos", "customer"),
        ("loyalty", "points_ledger", "member_id"): ("loyalty", "member"),
        ("ecommerce", "orders", "customer_id"): ("ecommerce", "customers"),
        ("call_centre", "tickets", "contact_id"): ("call_centre", "contacts"),
        ("call_centre", "tickets", "order_ref"): ("ecommerce", "orders"),
    }
    for (system, table, column), target in references.items():
        named = {row[column] for row in tables[system, table].values()} - {None}
        assert named
        assert named <= set(tables[target])


def test_time_never_goes_back_and_the_start_parts_past_from_future(
    retailer: Retailer,
) -> None:
    times = [act.at for act in retailer.written]
    assert all(before <= after for before, after in pairwise(times))
    assert times[0] < START < times[-1]
    fresh = Retailer(7, start=START, people=50)
    assert max(act.at for act in fresh.initial()) <= START
    assert all(act.at > START for act in islice(fresh.acts(), 50))


def test_the_shop_and_the_desk_get_rows_that_json_can_say(retailer: Retailer) -> None:
    for act in retailer.written:
        if act.system in ("ecommerce", "call_centre"):
            assert json.loads(json.dumps(act.row)) == act.row


def test_all_of_life_happens() -> None:
    stories = Counter(act.story for act in traded(9).written)
    for story in (
        *("sign-up", "correct", "move", "marry", "new phone", "consent", "remove"),
        *("sale", "return", "web order", "order ready", "order picked_up"),
        *("order delivered", "order returned", "earn", "burn", "expire", "reverse"),
        *("call", "call about an order", "ticket closed"),
    ):
        assert stories[story] > 0, story


def test_a_shops_customer_is_marked_deleted_and_a_tills_is_gone() -> None:
    removed = [act for act in traded(9).written if act.op == "delete"]
    assert {act.system for act in removed} == {"pos", "loyalty", "ecommerce"}
    for act in removed:
        assert act.row.get("deleted", False) == (act.system == "ecommerce")


def test_a_start_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Retailer(1, start=datetime(2026, 11, 23, 9))  # noqa: DTZ001


def test_an_act_does_not_print_the_person() -> None:
    act = next(Retailer(1, start=START, people=1).initial())
    assert "row" not in repr(act)
