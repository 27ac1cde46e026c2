"""Between the parts and their servers the network is cut, silent and slow."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.demo.retailer.writes import LOYALTY, POS
from service.runtime.ports import LOCALHOST, free_port
from tests.end_to_end import checker
from tests.end_to_end.conftest import needs_debezium
from tests.end_to_end.installation import (
    RELAY,
    RESOLVER,
    Installation,
    start_installation,
)
from tests.end_to_end.workload import Trader
from tests.faults.proxy import Proxy, proxy_to
from tests.faults.scale import SEED, scaled
from tests.kafka.broker import start_kafka
from tests.kafka.fixtures import needs_kafka

ROUNDS = scaled(1, 3)


@dataclass
class Wires:
    """The whole journey on Apache Kafka, behind two wires that a test holds."""

    world: Installation
    database: Proxy
    kafka: Proxy


@pytest.fixture
def wires(tmp_path: Path) -> Iterator[Wires]:
    """Everything that reaches PostgreSQL or Kafka does so through a proxy."""
    needs_debezium()
    needs_kafka()
    port = free_port()
    (tmp_path / "kafka").mkdir()
    with (
        proxy_to(port) as kafka,
        start_kafka(tmp_path / "kafka", port=port, advertised=kafka.port) as broker,
        start_installation(tmp_path, bootstrap=broker.bootstrap) as world,
        proxy_to(world.postgres.port) as database,
    ):
        behind = f"{LOCALHOST}:{database.port}"
        direct = f"{LOCALHOST}:{world.postgres.port}"
        url = {"COUTURE_DATABASE_URL": world.database_url.replace(direct, behind)}
        world.environments = {RESOLVER: url, RELAY: url}
        to_sources = {
            system: {"dsn": world.configs[system]["dsn"].replace(direct, behind)}
            for system in (POS, LOYALTY)
        }
        world.configs = {**world.configs, **to_sources}
        world.start_service()
        world.start_connectors()
        yield Wires(world, database, kafka)


def cut(wire: Proxy, trade: Callable[[float], None]) -> None:
    """Every connection ends; none can be made for a while."""
    wire.refusing = True
    wire.cut()
    trade(2)
    wire.refusing = False


def lose(wire: Proxy, trade: Callable[[float], None]) -> None:
    """What is sent goes nowhere and is not refused; then the connection is gone."""
    wire.hold()
    trade(5)
    wire.cut()
    wire.let_go()


def stall(wire: Proxy, trade: Callable[[float], None]) -> None:
    """Nothing comes for a while, then all of it."""
    wire.hold()
    trade(5)
    wire.let_go()


def slow(wire: Proxy, trade: Callable[[float], None]) -> None:
    """Every answer takes its time."""
    wire.delay_s = 0.03
    trade(4)
    wire.delay_s = 0.0


# above 20 s: eight times the network is away for seconds, as networks are
@pytest.mark.timeout(1_800)
def test_a_network_that_is_cut_silent_and_slow_loses_and_doubles_nothing(
    wires: Wires,
) -> None:
    trader = Trader(wires.world, seed=SEED, people=40, rate=30)
    trader.come_to_rest(within=400)
    hurts = [
        (hurt, wire)
        for hurt in (cut, lose, stall, slow)
        for wire in (wires.database, wires.kafka)
    ] * ROUNDS
    random.Random(SEED).shuffle(hurts)
    passed = (wires.database.passed, wires.kafka.passed)
    for hurt, wire in hurts:
        hurt(wire, trader.trade)
        trader.trade(2)
    trader.come_to_rest(within=240)

    assert wires.database.passed > passed[0]
    assert wires.kafka.passed > passed[1]
    left = checker.outside(wires.world.bootstrap, wires.world.parts.directory)
    with wires.world.connect() as connection:
        assert checker.findings(connection, trader.truth(), left) == []
