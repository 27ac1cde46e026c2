"""Resolvers with a fault that Couture is built against are caught by the checker."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.end_to_end.installation import RESOLVER, start_embedded
from tests.faults.autocommit_twin import DIES
from tests.faults.conftest import Trading, begin
from tests.needs import needs_debezium

ROUNDS = 4


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trading]:
    """The whole journey, in which a twin may do its harm."""
    needs_debezium()
    directory = tmp_path_factory.mktemp("damaged")
    with start_embedded(directory) as world:
        yield begin(world, people=40)


# above 20 s: each has to be killed at the right moment, and what it did to be found
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("twin", "signs"),
    [
        # it writes the outbox after its commit, and tells nobody of that change
        ("late_outbox_twin", ["told up to", "follows event", "no golden record"]),
        # it commits what it polled, and loses what it has not yet stored
        ("autocommit_twin", ["is lost", "at None"]),
    ],
)
def test_a_twin_with_a_fault_is_caught(
    damaged: Trading, twin: str, signs: list[str]
) -> None:
    damaged.world.parts.stop(RESOLVER)
    damaged.world.start(RESOLVER, f"tests.faults.{twin}", RESOLVER)
    found: list[str] = []
    for _ in range(ROUNDS):
        kill_after_a_commit(damaged)
        found = damaged.found()
        if any(sign in one for one in found for sign in signs):
            return
    raise AssertionError(f"the twin was not caught; found: {found}")


def kill_after_a_commit(trading: Trading) -> None:
    """Trade until the twin, told so, is killed between its commit and what follows."""
    with trading.world.connect() as connection:
        connection.execute(f"CREATE TABLE {DIES} ()")
    deadline = time.monotonic() + 60
    parts = trading.world.parts
    while RESOLVER not in parts.ended():
        assert time.monotonic() < deadline, parts.tails()
        trading.trader.trade(0.2)
    parts.again(RESOLVER)
