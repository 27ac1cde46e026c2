"""A resolver that was frozen until others took over must not write when it wakes."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from service.local.servers import start_broker
from tests.end_to_end import checker
from tests.end_to_end.conftest import needs_debezium
from tests.end_to_end.installation import (
    RELAY,
    RESOLVER,
    Installation,
    start_installation,
)
from tests.end_to_end.workload import Trader
from tests.faults.crash_points import heard, tell
from tests.faults.scale import SEED

SECOND = "resolve-second"
REFUSED = b'"error":"OffsetMoved"'
BEATEN = b"batch failed, trying again"


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Installation]:
    """The whole journey with two resolvers, of which the first can be frozen."""
    needs_debezium()
    with (
        start_broker(directory=tmp_path) as broker,
        start_installation(tmp_path, bootstrap=broker.bootstrap) as world,
    ):
        world.environments = {RESOLVER: {"COUTURE_FROZEN_AFTER_S": "5"}}
        world.start(SECOND, "service.cli", "resolve")
        world.start(RELAY, "service.cli", RELAY)
        world.through = ("tests.faults.crash_points", str(tmp_path))
        world.start(RESOLVER, "service.cli", RESOLVER)
        world.start_connectors()
        yield world


# above 20 s: a frozen resolver has to be missed, twice, before it may wake
@pytest.mark.timeout(1_800)
def test_a_resolver_that_slept_past_its_lease_does_not_write_when_it_wakes(
    shared: Installation,
) -> None:
    trader = Trader(shared, seed=SEED, people=40, rate=40)
    trader.come_to_rest(within=400)
    sleep_and_wake(shared, trader, "resolver-linked", sign=REFUSED)
    # here it holds the lock on clusters: PostgreSQL takes it away
    sleep_and_wake(shared, trader, "resolver-relabelled-uncommitted", sign=BEATEN)
    trader.come_to_rest(within=400)

    left = checker.outside(shared.bootstrap, shared.parts.directory)
    with shared.connect() as connection:
        assert checker.findings(connection, trader.truth(), left) == []


def sleep_and_wake(
    world: Installation, trader: Trader, point: str, *, sign: bytes
) -> None:
    """Freeze the first resolver at a point until the second reads all; wake it."""
    log = world.parts.log_of(RESOLVER)
    tell(world.parts.directory, point, freeze=True)
    while not heard(world.parts.directory, point):
        trader.trade(0.2)
    asleep = log.stat().st_size
    trader.trade(3)
    written = world.ends()
    world.parts.until(
        lambda: has_read(world, written),
        within=120,
        what="the other resolver took every partition over",
    )
    (zombie,) = world.parts.family([RESOLVER])
    zombie.send_signal(signal.SIGCONT)
    world.parts.until(
        lambda: sign in log.read_bytes()[asleep:], within=60, what="it was refused"
    )


def has_read(world: Installation, ends: Mapping[tuple[str, int], int]) -> bool:
    """Return whether every partition is read to this end, by whomever."""
    with world.connect() as connection:
        stored = {
            (topic, partition): next_
            for topic, partition, next_ in connection.execute(
                "SELECT topic, partition, next_offset FROM stream_offset"
            )
        }
    return all(stored.get(place, 0) >= end for place, end in ends.items())
