"""A resolver that counts messages as done once polled loses some, and is caught."""

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
def twin_world(tmp_path: Path) -> Iterator[Installation]:
    """The whole journey with the twin in the resolver's place."""
    needs_debezium()
    with (
        start_broker(directory=tmp_path) as broker,
        start_installation(tmp_path, bootstrap=broker.bootstrap) as world,
    ):
        world.start_service(resolver="tests.end_to_end.autocommit_twin")
        world.start_connectors()
        yield world


def test_a_twin_that_commits_what_it_polled_is_caught(twin_world: Installation) -> None:
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
    lost = [
        finding for finding in caught if "is lost" in finding or "at None" in finding
    ]
    assert lost, f"the twin was not caught; found: {caught}"


def kill_after_a_commit(world: Installation, trader: Trader) -> None:
    """Trade until the twin, told so, is killed between its commit and its effects."""
    with world.connect() as connection:
        connection.execute(f"CREATE TABLE {DIES} ()")
    deadline = time.monotonic() + 60
    while RESOLVER not in world.parts.ended():
        assert time.monotonic() < deadline, world.parts.tails()
        trader.trade(0.2)
    world.parts.again(RESOLVER)
