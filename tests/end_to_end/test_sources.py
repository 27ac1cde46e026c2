"""A row changes in each source system, and every channel can ask for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from service.demo.retailer.state import CUSTOMERS
from service.demo.retailer.writes import (
    CALL_CENTRE,
    ECOMMERCE,
    LOYALTY,
    POS,
    SYSTEMS,
    SourceWrite,
)
from tests.end_to_end import check_topics, checker, writes
from tests.end_to_end.check_sources import read_sources
from tests.end_to_end.installation import ALL, STEADY_S, Installation
from tests.end_to_end.quiescence import come_to_rest

Customer = dict[str, Any]


pytestmark = [pytest.mark.turn(3), pytest.mark.timeout(900)]


@pytest.fixture
def shows(
    journey: Installation, api: httpx.Client
) -> Callable[[str, Callable[[Customer | None], object]], None]:
    """Wait until the API answers for a source key as told; None is: nobody."""

    def wait(key: str, as_told: Callable[[Customer | None], object]) -> None:
        def told() -> object:
            answer = api.get("/v1/customers", params={"source_key": key})
            found = answer.raise_for_status().json()["customers"]
            return as_told(found[0] if found else None)

        journey.parts.until(told, within=STEADY_S, what=f"the API shows {key}")

    return wait


def _phone(customer: Customer) -> str:
    digits: str = customer["phones"][0]["value"]
    return digits.replace(" ", "")


def write(journey: Installation, *acts: SourceWrite) -> None:
    for one in acts:
        journey.systems.apply(one)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_row_of_a_source_is_a_customer_until_it_is_deleted(
    journey: Installation, shows: Any, system: str
) -> None:
    write(journey, writes.person(system, "T-1", phone="0611223344"))
    shows(f"{system}:T-1", lambda c: c and _phone(c).endswith("11223344"))

    moved = writes.person(system, "T-1", phone="0655667788")
    write(journey, moved)
    shows(f"{system}:T-1", lambda c: c and _phone(c).endswith("55667788"))

    write(journey, writes.gone(system, CUSTOMERS[system], moved.row))
    shows(f"{system}:T-1", lambda c: c is None)


def test_a_sale_at_a_till_is_an_order_of_its_customer(
    journey: Installation, api: httpx.Client, shows: Any
) -> None:
    write(journey, writes.sale("TS-1", "T-2"), writes.person(POS, "T-2"))
    shows(f"{POS}:T-2", lambda c: c and c["open_orders"])

    write(journey, writes.sale("TS-1", "T-2", status="collected"))
    shows(f"{POS}:T-2", lambda c: c and c["recent_orders"])
    assert api.get(f"/v1/orders/{POS}:TS-1").json()["status"] == "collected"


def test_points_of_the_programme_add_up(journey: Installation, shows: Any) -> None:
    write(journey, writes.person(LOYALTY, "T-3"))
    write(journey, writes.points(1, "T-3", 120), writes.points(2, "T-3", -20))
    shows(
        f"{LOYALTY}:T-3", lambda c: c and [b["amount"] for b in c["loyalty"]] == ["100"]
    )


def test_an_order_of_the_web_shop_shows_its_status(
    journey: Installation, shows: Any
) -> None:
    write(journey, writes.person(ECOMMERCE, "T-4"), writes.order("TW-1", "T-4"))
    shows(
        f"{ECOMMERCE}:T-4",
        lambda c: c and [o["status"] for o in c["open_orders"]] == ["placed"],
    )
    write(journey, writes.order("TW-1", "T-4", status="shipped"))
    shows(
        f"{ECOMMERCE}:T-4",
        lambda c: c and [o["status"] for o in c["open_orders"]] == ["shipped"],
    )


def test_a_ticket_of_the_call_centre_is_an_open_case_until_it_is_closed(
    journey: Installation, shows: Any
) -> None:
    write(journey, writes.person(CALL_CENTRE, "T-5"), writes.ticket("TT-1", "T-5"))
    shows(f"{CALL_CENTRE}:T-5", lambda c: c and c["open_cases"])

    write(journey, writes.ticket("TT-1", "T-5", state="closed"))
    shows(f"{CALL_CENTRE}:T-5", lambda c: c and not c["open_cases"])


def test_one_person_in_four_systems_is_one_customer_found_by_card(
    journey: Installation, api: httpx.Client, shows: Any
) -> None:
    write(journey, *writes.canary())
    keys = {f"{system}:CANARY" for system in SYSTEMS}
    shows(f"{POS}:CANARY", lambda c: c and set(c["source_keys"]) == keys)

    found = api.get("/v1/customers", params={"card": writes.CANARY["card"]}).json()
    assert [set(c["source_keys"]) for c in found["customers"]] == [keys]


def test_tables_topics_and_logs_tell_the_same_story(journey: Installation) -> None:
    come_to_rest(journey, within=STEADY_S)

    truth = checker.Truth(read_sources(journey.systems), secrets=writes.SECRETS)
    left = checker.outside(journey.bootstrap, journey.parts.directory)
    with journey.connect() as connection:
        assert checker.findings(connection, truth, left) == []
    assert check_topics.read_all(journey.bootstrap, ["couture.customers"])


def test_every_part_stops_in_order_leaves_no_process_and_goes_on_when_started_again(
    journey: Installation, shows: Any
) -> None:
    family = journey.parts.family(ALL)
    assert journey.parts.stop(*ALL) == dict.fromkeys(ALL, 0)
    assert [process for process in family if process.is_running()] == []

    write(journey, writes.person(POS, "T-6"))
    for name in ALL:
        journey.parts.again(name)
    shows(f"{POS}:T-6", lambda c: c)
