"""A process that ends at a named point leaves nothing lost and nothing doubled."""

from __future__ import annotations

import random
import time
from itertools import zip_longest

import pytest

from tests.end_to_end.installation import SERVE
from tests.faults.conftest import Trading
from tests.faults.crash_points import POINTS, heard, tell
from tests.faults.scale import SEED, scaled

pytestmark = pytest.mark.turn(1)
TIMES = scaled(1, 2)
WITHIN_S = 300.0
CAPTURE = [name for name, point in POINTS.items() if point.part != SERVE]


def rounds() -> list[set[str]]:
    """Return the points in seeded order, in each round one of each part."""
    drawn = CAPTURE * TIMES
    random.Random(SEED).shuffle(drawn)
    by_part: dict[str, list[str]] = {}
    for name in drawn:
        by_part.setdefault(POINTS[name].part, []).append(name)
    return [{*names} - {""} for names in zip_longest(*by_part.values(), fillvalue="")]


# above 20 s: processes end at each of fourteen points, and start again
@pytest.mark.timeout(1_800)
def test_a_part_that_ends_at_any_point_of_the_way_loses_and_doubles_nothing(
    trading: Trading,
) -> None:
    for names in rounds():
        die_at(trading, names)

    assert trading.found() == []


def die_at(trading: Trading, names: set[str]) -> None:
    """Trade until each part has ended at its point, and start it again."""
    parts, waiting = trading.world.parts, set(names)
    for name in names:
        tell(parts.directory, name)
    deadline = time.monotonic() + WITHIN_S
    while waiting:
        late = time.monotonic() > deadline
        assert not late, f"never at {waiting}\n{parts.tails()}"
        trading.trader.trade(0.2)
        ended = parts.ended()
        for name in sorted(waiting):
            if heard(parts.directory, name) and POINTS[name].part in ended:
                parts.again(POINTS[name].part)
                waiting.discard(name)
