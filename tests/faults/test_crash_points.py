"""A process that ends at a named point leaves nothing lost and nothing doubled."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from service.database.facts import programmes
from service.local.servers import start_broker
from tests.end_to_end import checker
from tests.end_to_end.conftest import needs_debezium
from tests.end_to_end.installation import (
    SERVE,
    Installation,
    caught_up,
    start_installation,
)
from tests.end_to_end.workload import Trader
from tests.faults.crash_points import POINTS, heard, tell
from tests.faults.scale import SEED, scaled

TIMES = scaled(1, 2)
WITHIN_S = 300.0
CAPTURE = [name for name, point in POINTS.items() if point.part != SERVE]
API = [name for name, point in POINTS.items() if point.part == SERVE]
ANNE = {
    "kind": "customer",
    "id": "C-7",
    "after": {"given_name": "Anne", "emails": ["anne@maison.test"]},
}
MOVEMENT = {
    "account": "till:C-7",
    "programme": "club",
    "unit": "points",
    "kind": "earn",
    "amount": 3,
}


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Installation]:
    """The whole journey, of which every part can be told to end at a point."""
    needs_debezium()
    with (
        start_broker(directory=tmp_path) as broker,
        start_installation(tmp_path, bootstrap=broker.bootstrap) as world,
    ):
        world.through = ("tests.faults.crash_points", str(tmp_path))
        world.start_service()
        yield world


def in_any_order(names: list[str]) -> list[str]:
    """Return every name as often as wanted, in seeded order."""
    drawn = names * TIMES
    random.Random(SEED).shuffle(drawn)
    return drawn


# above 20 s: a process ends at each of fourteen points, and starts again
@pytest.mark.timeout(1_800)
def test_a_part_that_ends_at_any_point_of_the_way_loses_and_doubles_nothing(
    mortal: Installation,
) -> None:
    mortal.start_connectors()
    trader = Trader(mortal, seed=SEED, people=40, rate=40)
    for name in in_any_order(CAPTURE):
        die_at(mortal, trader, name)
    trader.come_to_rest(within=400)

    left = checker.outside(mortal.bootstrap, mortal.parts.directory)
    with mortal.connect() as connection:
        assert checker.findings(connection, trader.truth(), left) == []


def die_at(world: Installation, trader: Trader, name: str) -> None:
    """Trade until the part has ended at the point, and start it again."""
    part, folder = POINTS[name].part, world.parts.directory
    tell(folder, name)
    deadline = time.monotonic() + WITHIN_S
    while not (heard(folder, name) and part in world.parts.ended()):
        assert time.monotonic() < deadline, f"never at {name}\n{world.parts.tails()}"
        trader.trade(0.2)
    world.parts.again(part)


# above 20 s: the API ends at each point, and starts again
@pytest.mark.timeout(1_800)
def test_a_request_repeated_until_it_is_answered_takes_effect_once(
    mortal: Installation,
) -> None:
    names = in_any_order(API)
    with mortal.start_api() as channel:
        channel.post("/v1/records/till", json=ANNE).raise_for_status()
        with mortal.connect() as connection:
            programmes.declare(connection, [("club", "points")], by="operator")
        all_took_effect(mortal)
        for number, name in enumerate(names):
            tell(mortal.parts.directory, name)
            answer_at_last(mortal, channel, str(number))
            assert heard(mortal.parts.directory, name)
    all_took_effect(mortal)

    with mortal.connect() as connection:
        found = connection.execute(
            "SELECT count(*), sum(amount) FROM loyalty_movement"
        ).fetchone()
    assert found == (len(names), 3 * len(names))


def all_took_effect(world: Installation) -> None:
    """Wait until relay and resolver have nothing left to do."""
    world.parts.until(
        lambda: caught_up(world.database_url, world.bootstrap),
        within=WITHIN_S,
        what="all took effect",
    )


def answer_at_last(world: Installation, channel: httpx.Client, key: str) -> None:
    """Ask, under one Idempotency-Key, until there is an answer."""
    headers = {"Idempotency-Key": key}
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        if SERVE in world.parts.ended():
            world.parts.again(SERVE)
        with suppress(httpx.TransportError):
            answer = channel.post(
                "/v1/loyalty/movements", json=MOVEMENT, headers=headers
            )
            assert answer.status_code in (201, 202, 503), answer.text
            if answer.status_code != 503:
                return
        time.sleep(0.2)
    raise AssertionError(f"no answer\n{world.parts.tails()}")
