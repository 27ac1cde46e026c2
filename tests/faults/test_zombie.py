"""A resolver that was frozen until others took over must not write when it wakes."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping

import pytest

from tests.end_to_end.installation import RESOLVER, Installation
from tests.end_to_end.workload import Trader
from tests.faults.conftest import REST_S, Trading
from tests.faults.crash_points import heard, tell

pytestmark = pytest.mark.turn(1)
SECOND = "resolve-second"
REFUSED = b'"error":"OffsetMoved"'
BEATEN = b"batch failed, trying again"


@pytest.fixture
def shared(trading: Trading) -> Iterator[Trading]:
    """Two resolvers, of which the first can be frozen and loses its lock by it."""
    world = trading.world
    trading.restart_with({RESOLVER: {"COUTURE_FROZEN_AFTER_S": "5"}})
    through, world.through = world.through, ()
    world.start(SECOND, "service.cli", "resolve")
    world.through = through
    yield trading
    world.parts.stop(SECOND)
    # it joins anew: who leaves in the middle of that locks the next one out, on Tansu
    trading.trader.count_work_from_now(RESOLVER)
    trading.trader.trade_until_working(RESOLVER)
    trading.restart_with({RESOLVER: {}})


# above 20 s: a frozen resolver has to be missed, twice, before it may wake
@pytest.mark.timeout(1_800)
def test_a_resolver_that_slept_past_its_lease_does_not_write_when_it_wakes(
    shared: Trading,
) -> None:
    shared.trader.come_to_rest(within=REST_S)
    sleep_and_wake(shared.world, shared.trader, "resolver-linked", sign=REFUSED)
    # here it holds the lock on clusters: PostgreSQL takes it away
    point = "resolver-relabelled-uncommitted"
    sleep_and_wake(shared.world, shared.trader, point, sign=BEATEN)

    assert shared.found() == []


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
