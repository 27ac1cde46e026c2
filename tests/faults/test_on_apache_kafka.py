"""On Apache Kafka: its network is cut, silent and slow, and parts are killed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from service.demo.retailer.writes import LOYALTY, POS
from service.runtime.ports import LOCALHOST, free_port
from tests.end_to_end.installation import RELAY, RESOLVER, start_installation
from tests.end_to_end.workload import plan
from tests.faults.conftest import REST_S, Trading, begin
from tests.faults.proxy import Proxy, proxy_to
from tests.faults.scale import SEED, scaled
from tests.kafka.broker import start_kafka
from tests.kafka.fixtures import needs_kafka
from tests.needs import needs_debezium

ROUNDS = scaled(1, 3)
TIMES = scaled(1, 7)
KILLS = {
    RESOLVER: scaled(1, 3),
    RELAY: scaled(0, 1),
    "connector-pos": 1,
    "connector-loyalty": scaled(0, 1),
    "connector-ecommerce": scaled(0, 1),
    "connector-call_centre": scaled(0, 1),
}


@dataclass
class Wired(Trading):
    """The whole journey on Apache Kafka, behind two wires that a test holds."""

    database: Proxy
    kafka: Proxy


@pytest.fixture(scope="module")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wired]:
    """Everything that reaches PostgreSQL or Kafka does so through a proxy."""
    needs_debezium()
    needs_kafka()
    port, directory = free_port(), tmp_path_factory.mktemp("wired")
    with (
        proxy_to(port) as kafka,
        start_kafka(
            tmp_path_factory.mktemp("kafka"), port=port, advertised=kafka.port
        ) as broker,
        start_installation(directory, bootstrap=broker.bootstrap) as world,
        proxy_to(world.postgres.port) as database,
    ):
        behind = f"{LOCALHOST}:{database.port}"
        direct = f"{LOCALHOST}:{world.postgres.port}"
        url = {"COUTURE_DATABASE_URL": world.database_url.replace(direct, behind)}
        world.environments = {RESOLVER: url, RELAY: url}
        to_sources = {
            system: {**config, "dsn": config["dsn"].replace(direct, behind)}
            for system, config in world.configs.items()
            if system in (POS, LOYALTY)
        }
        world.configs = {**world.configs, **to_sources}
        begun = begin(world, people=40)
        yield Wired(begun.world, begun.trader, database, kafka)


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
    wired: Wired,
) -> None:
    wired.trader.come_to_rest(within=REST_S)
    hurts = [
        (hurt, wire)
        for hurt in (cut, lose, stall, slow)
        for wire in (wired.database, wired.kafka)
    ] * ROUNDS
    random.Random(SEED).shuffle(hurts)
    passed = (wired.database.passed, wired.kafka.passed)
    for hurt, wire in hurts:
        hurt(wire, wired.trader.trade)
        wired.trader.trade(scaled(1, 2))

    assert wired.found() == []
    assert wired.database.passed > passed[0]
    assert wired.kafka.passed > passed[1]


# above 20 s: processes are killed one after another, and start again
@pytest.mark.timeout(1_800)
def test_kills_on_apache_kafka_lose_nothing_and_double_nothing(wired: Wired) -> None:
    counts = {part: TIMES * count for part, count in KILLS.items()}
    wired.trader.suffer(plan(SEED, counts))

    assert wired.found() == []
