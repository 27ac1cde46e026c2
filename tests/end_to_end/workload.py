"""A retailer that trades in all four systems while parts of the service are killed."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from service.demo.retailer.retailer import Retailer
from tests.end_to_end import checker, writes
from tests.end_to_end.check_sources import read_sources
from tests.end_to_end.installation import RELAY, RESOLVER, Installation
from tests.end_to_end.quiescence import come_to_rest

# Replies are promised within a day, and passed promises are told of for a month: from
# here on every promise has passed, so that nothing is due at rest.
_AGO = timedelta(days=25)
_WORKING_WITHIN_S = 180.0
_SIGN_OF_WORK = {RESOLVER: "batch resolved", RELAY: "relay started"}
_SIGN_OF_CAPTURE = '"streaming"'


@dataclass(frozen=True)
class Kill:
    """Who is killed, how long after it was seen to work, and how long it stays so."""

    target: str
    after_s: float
    for_s: float


def plan(seed: int, counts: Mapping[str, int]) -> list[Kill]:
    """Return the kills in seeded order, at seeded moments, none twice in a row."""
    chance = random.Random(seed)
    left, kills = Counter(counts), list[Kill]()
    while left.total():
        last = kills[-1].target if kills else None
        names = [n for n in sorted(left) if left[n] and n != last] or [str(last)]
        target = chance.choices(names, [left[name] for name in names])[0]
        left[target] -= 1
        kills.append(Kill(target, chance.uniform(0, 1.2), chance.uniform(0, 0.3)))
    return kills


class Trader:
    """Trades at a steady rate for as long as it is told to; knows all that it wrote."""

    def __init__(
        self, world: Installation, *, seed: int, people: int, rate: float
    ) -> None:
        self._world = world
        self._retailer = Retailer(seed, start=datetime.now(UTC) - _AGO, people=people)
        self._rate = rate
        self._marks: list[int] = []
        self._seen: dict[str, int] = {}
        world.systems.fill(self._retailer.initial())
        self._acts = self._retailer.acts()

    def trade(self, seconds: float) -> None:
        """Write one act after the other, at the rate, for some time."""
        started = time.monotonic()
        while (now := time.monotonic()) < started + seconds:
            self._world.systems.apply(next(self._acts))
            time.sleep(max(0.0, now + 1 / self._rate - time.monotonic()))

    def suffer(self, kills: Sequence[Kill]) -> None:
        """Trade while each of these parts is killed and started again."""
        parts = self._world.parts
        for kill in kills:
            self.trade_until_working(kill.target)
            self.trade(kill.after_s)
            parts.kill(kill.target)
            self.trade(kill.for_s)
            self.count_work_from_now(kill.target)
            parts.again(kill.target)

    def count_work_from_now(self, target: str) -> None:
        """Count only what the part does from now on as a sign that it works."""
        self._seen[target] = self._world.parts.log_of(target).stat().st_size

    def trade_until_working(self, target: str) -> None:
        """Trade until the part says that it does something."""
        sign = _SIGN_OF_WORK.get(target, _SIGN_OF_CAPTURE).encode()
        log, deadline = self._world.parts.log_of(target), time.monotonic()
        deadline += _WORKING_WITHIN_S
        while sign not in log.read_bytes()[self._seen.get(target, 0) :]:
            late = time.monotonic() > deadline
            assert not late, f"{target} does not work\n{self._world.parts.tails()}"
            self.trade(0.2)

    def come_to_rest(self, *, within: float) -> None:
        """Finish the last story, mark every table, and wait until all took effect."""
        self._finish()
        self._marks.append(come_to_rest(self._world, within=within))

    def truth(self) -> checker.Truth:
        """Return what must hold now."""
        marked = {f"MARK-{n}": n for n in self._marks}
        return checker.Truth(
            read_sources(self._world.systems),
            points={**self._retailer.points(), **marked},
            secrets=writes.SECRETS,
        )

    def _finish(self) -> None:
        # The retailer's books know a story as a whole: write it to its end.
        for act in self._acts:
            self._world.systems.apply(act)
            if act is self._retailer.written[-1]:
                return
