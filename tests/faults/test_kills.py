"""SIGKILL at any moment, of any part: nothing is lost, nothing doubled, points stay."""

from __future__ import annotations

import pytest

from tests.end_to_end.installation import RELAY, RESOLVER
from tests.end_to_end.workload import plan
from tests.faults.conftest import Trading
from tests.faults.scale import SEED, scaled

pytestmark = pytest.mark.turn(1)
TIMES = scaled(1, 7)
# a kill more or less proves nothing else: thirty of them, seven times, in `make faults`
COUNTS = {
    RESOLVER: scaled(2, 7),
    RELAY: scaled(1, 6),
    "connector-pos": scaled(0, 4),  # test_crash_points ends it three times
    "connector-loyalty": scaled(1, 3),
    "connector-ecommerce": scaled(0, 6),
    "connector-call_centre": scaled(1, 4),
}


# above 20 s: processes are killed one after another, and start again
@pytest.mark.timeout(1_800)
def test_kills_of_every_part_lose_nothing_and_double_nothing(trading: Trading) -> None:
    counts = {part: TIMES * count for part, count in COUNTS.items()}
    trading.trader.suffer(plan(SEED, counts))

    assert trading.found() == []
