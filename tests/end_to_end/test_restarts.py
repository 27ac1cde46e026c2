"""PostgreSQL falls and comes back; the broker falls and has forgotten everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from service.demo.retailer.writes import POS, SYSTEMS
from service.local.servers import EmbeddedBroker, start_broker
from tests.end_to_end import checker, writes
from tests.end_to_end.conftest import needs_debezium
from tests.end_to_end.installation import Installation, start_installation
from tests.end_to_end.workload import Trader
from tests.faults.scale import scaled


@dataclass
class Fallible:
    """The whole journey, its broker, and the retailer that trades in it."""

    broker: EmbeddedBroker
    world: Installation
    trader: Trader

    def found(self, *, whole: bool) -> list[str]:
        """Come to rest and return what the checker finds."""
        self.trader.come_to_rest(within=400)
        world = self.world
        left = checker.outside(world.bootstrap, world.parts.directory, whole=whole)
        with world.connect() as connection:
            return checker.findings(connection, self.trader.truth(), left)

    def sweeps(self) -> dict[str, int]:
        """Return how many snapshots of each system were compared with its records."""
        with self.world.connect() as connection:
            found = connection.execute("SELECT system, count(*) FROM sweep GROUP BY 1")
            return dict.fromkeys(SYSTEMS, 0) | dict(found.fetchall())

    def await_reading_anew(self, swept: dict[str, int]) -> None:
        """Wait until every system was read anew since it was swept so often.

        A connector may go on for seconds before it sees what the broker forgot: then
        all has arrived, and is sent again while somebody compares.
        """
        self.world.parts.until(
            lambda: all(now > swept[name] for name, now in self.sweeps().items()),
            within=400,
            what="every system is read anew",
        )


@pytest.fixture(scope="module")
def fallible(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fallible]:
    """The whole journey, trading, on a broker of its own."""
    needs_debezium()
    directory = tmp_path_factory.mktemp("fallible")
    with (
        start_broker(directory=directory) as broker,
        start_installation(directory, bootstrap=broker.bootstrap) as world,
    ):
        world.start_service()
        world.start_connectors()
        trader = Trader(world, seed=3, people=40, rate=30)
        trader.come_to_rest(within=400)
        yield Fallible(broker, world, trader)


# above 20 s: PostgreSQL recovers twice, and so does everything that uses it
@pytest.mark.timeout(1_800)
def test_nothing_is_lost_when_postgresql_falls(fallible: Fallible) -> None:
    for _ in range(2):
        fallible.trader.trade(1.5)
        fallible.world.postgres.restart(immediate=True)
        fallible.world.reopen_systems()
        fallible.trader.trade(1.5)
    assert fallible.found(whole=True) == []


@pytest.mark.timeout(1_800)
def test_nothing_is_lost_when_every_session_is_ended(fallible: Fallible) -> None:
    for number in range(scaled(6, 40)):
        fallible.trader.trade(0.5)
        with fallible.world.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = ANY(%s)",
                [["couture-resolver", "couture-relay"][: 1 + number % 2]],
            )
    assert fallible.found(whole=True) == []


# The events are gone with such a broker: what follows is not told whole.
@pytest.mark.timeout(1_800)
def test_no_row_is_lost_when_the_broker_forgets_everything(fallible: Fallible) -> None:
    fallible.trader.trade(2)
    swept = fallible.sweeps()
    fallible.broker.kill()
    fallible.trader.trade(2)
    fallible.broker.start()
    fallible.trader.trade(2)
    fallible.await_reading_anew(swept)
    assert fallible.found(whole=False) == []


# above 20 s: four sources are read from the beginning, twice
@pytest.mark.timeout(1_800)
def test_no_delete_is_lost_when_the_broker_forgets_everything(
    fallible: Fallible,
) -> None:
    person = writes.person(POS, "FORGOTTEN")
    fallible.world.systems.apply(person)
    assert fallible.found(whole=False) == []

    swept = fallible.sweeps()
    fallible.broker.kill()
    fallible.world.systems.apply(writes.gone(POS, "customer", person.row))
    fallible.broker.start()
    fallible.await_reading_anew(swept)
    assert fallible.found(whole=False) == []
