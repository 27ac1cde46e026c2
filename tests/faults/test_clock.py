"""The parts' clocks are a day apart: order comes from the sources, not from clocks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
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
from tests.faults.scale import SEED, scaled
from tests.needs import needs

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


def at(days: int) -> dict[str, str]:
    """Return the environment in which a process lives some days from now."""
    return {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME": f"{days:+d}d",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


@pytest.fixture
def out_of_step(tmp_path: Path) -> Iterator[Installation]:
    """The whole journey: the resolver a day ahead, the relay a day behind."""
    needs_debezium()
    needs(LIBRARY, "libfaketime is not installed (Debian's package faketime)")
    with (
        start_broker(directory=tmp_path) as broker,
        start_installation(tmp_path, bootstrap=broker.bootstrap) as world,
    ):
        world.environments = {RESOLVER: at(1), RELAY: at(-1)}
        world.start_service()
        world.start_connectors()
        yield world


# above 20 s: all parts start under libfaketime, which slows them
@pytest.mark.timeout(1_800)
def test_clocks_a_day_apart_lose_nothing_and_put_nothing_out_of_order(
    out_of_step: Installation,
) -> None:
    trader = Trader(out_of_step, seed=SEED, people=40, rate=40)
    trader.trade(scaled(5, 20))
    trader.come_to_rest(within=400)

    left = checker.outside(out_of_step.bootstrap, out_of_step.parts.directory)
    with out_of_step.connect() as connection:
        assert checker.findings(connection, trader.truth(), left) == []
    ahead = hours_ahead(out_of_step.parts.log_of(RESOLVER))
    behind = hours_ahead(out_of_step.parts.log_of(RELAY))
    assert ahead > 20
    assert behind < -20


def hours_ahead(log: Path) -> float:
    """Return how far from ours the clock of the last line of a log is."""
    told = json.loads(log.read_text().splitlines()[-1])["at"]
    return (datetime.fromisoformat(told) - datetime.now(UTC)) / timedelta(hours=1)
