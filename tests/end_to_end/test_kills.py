"""SIGKILL at any moment, of any part: nothing is lost, nothing doubled, points stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.local.servers import start_broker
from tests.end_to_end import checker, writes
from tests.end_to_end.conftest import needs_debezium
from tests.end_to_end.installation import (
    RELAY,
    RESOLVER,
    Installation,
    start_installation,
)
from tests.end_to_end.workload import Trader, plan
from tests.faults.scale import SEED, scaled
from tests.kafka.broker import ApacheKafka
from tests.kafka.fixtures import apache_kafka

__all__ = ["apache_kafka"]

TIMES = scaled(1, 7)
# a kill more or less proves nothing else: thirty of them, seven times, in `make faults`
THIRTY = {
    RESOLVER: scaled(3, 7),
    RELAY: scaled(2, 6),
    "connector-pos": scaled(1, 4),
    "connector-loyalty": scaled(1, 3),
    "connector-ecommerce": scaled(1, 6),
    "connector-call_centre": scaled(1, 4),
}
EIGHT = {
    RESOLVER: scaled(2, 3),
    RELAY: 1,
    "connector-pos": 1,
    "connector-loyalty": scaled(0, 1),
    "connector-ecommerce": 1,
    "connector-call_centre": scaled(0, 1),
}


def findings_after(
    world: Installation, counts: dict[str, int], *, people: int, rate: float
) -> list[str]:
    """Trade while parts are killed, come to rest, and return what the checker finds."""
    trader = Trader(world, seed=SEED, people=people, rate=rate)
    for act in writes.canary():
        world.systems.apply(act)
    world.start_service()
    world.start_connectors()
    counts = {part: TIMES * count for part, count in counts.items()}
    trader.suffer(plan(SEED, counts))
    trader.come_to_rest(within=400)
    left = checker.outside(world.bootstrap, world.parts.directory)
    with world.connect() as connection:
        return checker.findings(connection, trader.truth(), left)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Installation]:
    """The sources and the tables, with an embedded broker; nothing is captured yet."""
    needs_debezium()
    with (
        start_broker(directory=tmp_path) as broker,
        start_installation(tmp_path, bootstrap=broker.bootstrap) as world,
    ):
        yield world


@pytest.fixture
def on_apache_kafka(
    tmp_path: Path, apache_kafka: ApacheKafka
) -> Iterator[Installation]:
    """The sources and the tables, with Apache Kafka; nothing is captured yet."""
    needs_debezium()
    with start_installation(tmp_path, bootstrap=apache_kafka.bootstrap) as world:
        yield world


# above 20 s: nine processes are killed one after another, and start again
@pytest.mark.timeout(2_400)
def test_kills_of_every_part_lose_nothing_and_double_nothing(
    embedded: Installation,
) -> None:
    assert findings_after(embedded, THIRTY, people=100, rate=30) == []


# above 20 s: as above, with a broker that starts from its jars
@pytest.mark.timeout(2_400)
def test_kills_on_apache_kafka_lose_nothing_and_double_nothing(
    on_apache_kafka: Installation,
) -> None:
    assert findings_after(on_apache_kafka, EIGHT, people=60, rate=20) == []
