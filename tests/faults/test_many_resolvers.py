"""One resolver, two and four on the same topics, killed at random, end the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.database.connection.migrate import migrate
from service.database.connection.session import connect
from tests.end_to_end import check_tables
from tests.end_to_end.installation import Installation, caught_up
from tests.end_to_end.workload import Kill, Trader, plan
from tests.faults.conftest import REST_S, Trading
from tests.faults.scale import SEED, scaled
from tests.resolver.deliveries import clusters, profiles

pytestmark = pytest.mark.turn(1)
COUNTS = scaled((2,), (2, 4))
KILLS = scaled(3, 30)


@pytest.fixture
def together(trading: Trading) -> Iterator[tuple[Trading, list[str]]]:
    """Beside the one of the journey, so many resolvers more, each count with a database
    of its own: they read the topics from the beginning."""
    world, names = trading.world, list[str]()
    for count in COUNTS:
        url = database(world, count)
        for number in range(count):
            names.append(f"resolve-{count}-{number}")
            world.environments[names[-1]] = {
                "COUTURE_DATABASE_URL": url,
                "COUTURE_CONSUMER": f"of-{count}",
            }
            world.start(names[-1], "service.cli", "resolve")
    yield trading, names
    world.parts.stop(*names)


def database(world: Installation, count: int) -> str:
    """Return the database of so many resolvers; it is made if it is not there."""
    name = f"resolved_by_{count}"
    with connect(world.postgres.url("postgres"), autocommit=True) as admin:
        found = admin.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if not found:
            admin.execute(f"CREATE DATABASE {name}".encode())
            migrate(world.postgres.url(name))
    return world.postgres.url(name)


# above 20 s: resolvers start, are killed, and give partitions to one another
@pytest.mark.timeout(1_800)
def test_any_number_of_resolvers_ends_with_the_same_customers(
    together: tuple[Trading, list[str]],
) -> None:
    trading, names = together
    world = trading.world
    kills = plan(SEED, dict.fromkeys(names, -(-KILLS // len(names))))
    for kill in kills[:KILLS]:
        endure(world, trading.trader, kill)
    trading.trader.come_to_rest(within=REST_S)
    urls = [database(world, count) for count in COUNTS]
    world.parts.until(
        lambda: all(caught_up(url, world.bootstrap, relay=False) for url in urls),
        within=REST_S,
        what="all of them read everything",
    )

    found = []
    for url in (world.database_url, *urls):
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
