"""Resolvers with a fault that Couture is built against are caught by the checker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.local.servers import start_broker
from tests.end_to_end import checker
from tests.end_to_end.autocommit_twin import DIES
from tests.end_to_end.conftest import needs_debezium
from tests.end_to_end.installation import RESOLVER, Installation, start_installation
from tests.end_to_end.workload import Trader, plan

ROUNDS = 4


@pytest.fixture
def twin_world(
    tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Installation]:
    """The whole journey with a twin in the resolver's place."""
    needs_debezium()
    with (
        start_broker(directory=tmp_path) as broker,
        start_installation(tmp_path, bootstrap=broker.bootstrap) as world,
    ):
        world.start_service(resolver=f"tests.end_to_end.{request.param}")
        world.start_connectors()
        yield world


# above 20 s: each needs an installation of its own, and to be killed in it
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("twin_world", "signs"),
    [
        # it commits what it polled, and loses what it has not yet stored
        ("autocommit_twin", ["is lost", "at None"]),
        # it writes the outbox after its commit, and tells nobody of that change
        ("late_outbox_twin", ["told up to", "follows event", "no golden record"]),
    ],
    indirect=["twin_world"],
)
def test_a_twin_with_a_fault_is_caught(
    twin_world: Installation, signs: list[str]
) -> None:
    trader = Trader(twin_world, seed=5, people=40, rate=60)
    caught: list[str] = []
    for seed in range(ROUNDS):
        trader.suffer(plan(seed, {RESOLVER: 1}))
        kill_after_a_commit(twin_world, trader)
        trader.come_to_rest(within=120)
        left = checker.outside(twin_world.bootstrap, twin_world.parts.directory)
        with twin_world.connect() as connection:
            caught = checker.findings(connection, trader.truth(), left)
        if caught:
            break
    told = [one for one in caught if any(sign in one for sign in signs)]
    assert told, f"the twin was not caught; found: {caught}"


def kill_after_a_commit(world: Installation, trader: Trader) -> None:
    """Trade until the twin, told so, is killed between its commit and what follows."""
    with world.connect() as connection:
        connection.execute(f"CREATE TABLE {DIES} ()")
    deadline = time.monotonic() + 60
    while RESOLVER not in world.parts.ended():
        assert time.monotonic() < deadline, world.parts.tails()
        trader.trade(0.2)
    world.parts.again(RESOLVER)
