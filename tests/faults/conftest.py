"""One installation that trades, and has to bear one fault after the other.

To start it takes as much processor as most of the faults themselves. Every test leaves
it whole, at rest, and with nothing that the checker finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end import checker, writes
from tests.end_to_end.installation import Installation, start_embedded
from tests.end_to_end.workload import Trader
from tests.faults.scale import SEED
from tests.needs import needs_debezium
from tests.shared import Shared

REST_S = 400.0


@dataclass
class Trading:
    """The whole journey, and the retailer that trades in it."""

    world: Installation
    trader: Trader

    def found(self, *, whole: bool = True) -> list[str]:
        """Come to rest and return what the checker finds."""
        self.trader.come_to_rest(within=REST_S)
        world = self.world
        left = checker.outside(world.bootstrap, world.parts.directory, whole=whole)
        with world.connect() as connection:
            return checker.findings(connection, self.trader.truth(), left)

    def restart_with(self, environments: Mapping[str, Mapping[str, str]]) -> None:
        """Start parts of the service anew, each in an environment of its own."""
        for part, environment in environments.items():
            self.world.environments[part] = environment
            self.world.parts.stop(part)
            self.trader.count_work_from_now(part)
            self.world.start(part, "service.cli", part)
        for part in environments:
            self.trader.trade_until_working(part)


def begin(world: Installation, *, people: int = 60, rate: float = 20) -> Trading:
    """Start everything that does not run yet, and a retailer that trades in it."""
    trader = Trader(world, seed=SEED, people=people, rate=rate)
    for act in writes.canary():
        world.systems.apply(act)
    world.start_service()
    world.start_connectors()
    return Trading(world, trader)


_shared = Shared[Trading]("trading")


@contextmanager
def _begun(directory: Path) -> Iterator[Trading]:
    with start_embedded(directory) as world:
        world.through = ("tests.faults.crash_points", str(directory))
        yield begin(world)


@pytest.fixture
def trading(tmp_path_factory: pytest.TempPathFactory) -> Trading:
    """The whole journey, trading; every part can be told to end at a named point."""
    needs_debezium()
    return _shared.get(lambda: _begun(tmp_path_factory.mktemp("trading")))
