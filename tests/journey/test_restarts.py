"""PostgreSQL falls and comes back; the broker falls and has forgotten everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.embedded import EmbeddedBroker, start_broker
from tests.journey import checker
from tests.journey.conftest import needs_debezium
from tests.journey.trading import Trader
from tests.journey.world import World, start_world


@pytest.fixture
def broker_and_world(tmp_path: Path) -> Iterator[tuple[EmbeddedBroker, World]]:
    """The whole journey on a broker of its own."""
    needs_debezium()
    with (
        start_broker(directory=tmp_path) as broker,
        start_world(tmp_path, bootstrap=broker.bootstrap) as world,
    ):
        world.start_service()
        world.start_connectors()
        yield broker, world


def found(world: World, trader: Trader, *, whole: bool = True) -> list[str]:
    left = checker.outside(world.bootstrap, world.parts.directory, whole=whole)
    with world.connect() as connection:
        return checker.findings(connection, trader.truth(), left)


@pytest.mark.timeout(600)
def test_nothing_is_lost_when_postgresql_or_the_broker_falls(
    broker_and_world: tuple[EmbeddedBroker, World],
) -> None:
    broker, world = broker_and_world
    trader = Trader(world, seed=3, people=40, rate=30)
    trader.come_to_rest(within=120)
    for _ in range(2):
        trader.trade(1.5)
        world.postgres.restart(immediate=True)
        world.reopen_systems()
        trader.trade(1.5)
    trader.come_to_rest(within=120)
    assert found(world, trader) == []

    trader.trade(2)
    broker.kill()
    trader.trade(2)
    broker.start()
    trader.trade(2)
    trader.come_to_rest(within=180)
    # the outgoing topics are gone with the broker; what follows is not told whole
    assert found(world, trader, whole=False) == []
