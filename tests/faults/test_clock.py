"""The parts' clocks are a day apart: order comes from the sources, not from clocks."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.installation import RELAY, RESOLVER
from tests.faults.conftest import Trading
from tests.faults.scale import scaled
from tests.needs import needs

pytestmark = pytest.mark.turn(1)
LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
SLEEP = Path(__file__).with_name("sleep_under_faketime")
ROOT = Path(__file__).parents[2]


def at(days: int) -> dict[str, str]:
    """Return the environment in which a process lives some days from now."""
    return {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME": f"{days:+d}d",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": os.pathsep.join(map(str, (SLEEP, ROOT))),
    }


# above 20 s: parts start under libfaketime, which slows them, and then without
@pytest.mark.timeout(1_800)
def test_clocks_a_day_apart_lose_nothing_and_put_nothing_out_of_order(
    trading: Trading,
) -> None:
    needs(LIBRARY, "libfaketime is not installed (Debian's package faketime)")
    trading.restart_with({RESOLVER: at(1), RELAY: at(-1)})
    trading.trader.trade(scaled(3, 20))

    found = trading.found()
    ahead = hours_ahead(trading.world.parts.log_of(RESOLVER))
    behind = hours_ahead(trading.world.parts.log_of(RELAY))
    trading.restart_with({RESOLVER: {}, RELAY: {}})

    assert found == []
    assert ahead > 20
    assert behind < -20


def hours_ahead(log: Path) -> float:
    """Return how far from ours the clock of the last line of a log is."""
    told = json.loads(log.read_text().splitlines()[-1])["at"]
    return (datetime.fromisoformat(told) - datetime.now(UTC)) / timedelta(hours=1)
