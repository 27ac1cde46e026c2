"""One, two and four resolvers on the same topics, killed at random, end the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.database.connection.migrate import migrate
from service.database.connection.session import connect
from service.local.servers import start_broker
from tests.end_to_end import check_tables
from tests.end_to_end.conftest import needs_debezium
from tests.end_to_end.installation import (
    RELAY,
    Installation,
    caught_up,
    start_installation,
)
from tests.end_to_end.workload import Kill, Trader, plan
from tests.faults.scale import SEED, scaled
from tests.resolver.deliveries import clusters, profiles

COUNTS = scaled((1, 3), (1, 2, 4))
KILLS = scaled(4, 30)


@pytest.fixture
def together(tmp_path: Path) -> Iterator[tuple[Installation, list[str]]]:
    """The whole journey, resolved by so many resolvers into a database each time."""
    needs_debezium()
    with (
        start_broker(directory=tmp_path) as broker,
        start_installation(tmp_path, bootstrap=broker.bootstrap) as world,
    ):
        names = []
        for count in COUNTS:
            url = database(world, count)
            for number in range(count):
                names.append(f"resolve-{count}-{number}")
                world.environments[names[-1]] = {
                    "COUTURE_DATABASE_URL": url,
                    "COUTURE_CONSUMER": f"of-{count}",
                }
                world.start(names[-1], "service.cli", "resolve")
        world.start(RELAY, "service.cli", RELAY)
        world.start_connectors()
        yield world, names


def database(world: Installation, count: int) -> str:
    """Return the database of so many resolvers; it is made if it is not there."""
    if count == max(COUNTS):
        return world.database_url
    name = f"resolved_by_{count}"
    with connect(world.postgres.url("postgres"), autocommit=True) as admin:
        found = admin.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if not found:
            admin.execute(f"CREATE DATABASE {name}".encode())
            migrate(world.postgres.url(name))
    return world.postgres.url(name)


# above 20 s: four resolvers start, are killed, and give partitions to one another
@pytest.mark.timeout(1_800)
def test_any_number_of_resolvers_ends_with_the_same_customers(
    together: tuple[Installation, list[str]],
) -> None:
    world, names = together
    trader = Trader(world, seed=SEED, people=60, rate=40)
    trader.come_to_rest(within=400)
    kills = plan(SEED, dict.fromkeys(names, -(-KILLS // len(names))))
    for kill in kills[:KILLS]:
        endure(world, trader, kill)
    trader.come_to_rest(within=400)
    urls = [database(world, count) for count in COUNTS]
    world.parts.until(
        lambda: all(caught_up(url, world.bootstrap, relay=False) for url in urls),
        within=400,
        what="all of them read everything",
    )

    found = []
    for url in urls:
        with connect(url, autocommit=True) as connection:
            assert list(check_tables.batch(connection)) == []
            found.append((clusters(connection), profiles(connection)))
    assert found[0][0]
    assert all(other == found[0] for other in found[1:])


def endure(world: Installation, trader: Trader, kill: Kill) -> None:
    """Trade while one resolver is killed and started again."""
    trader.trade(kill.after_s)
    world.parts.kill(kill.target)
    trader.trade(kill.for_s)
    world.parts.again(kill.target)
