"""PostgreSQL falls and comes back; the broker falls and has forgotten everything."""

from __future__ import annotations

import pytest

from service.demo.retailer.writes import POS, SYSTEMS
from tests.end_to_end import writes
from tests.faults.conftest import REST_S, Trading
from tests.faults.scale import scaled

# when the broker has forgotten the events, nobody can check that each was sent
pytestmark = pytest.mark.turn(2)


def sweeps(trading: Trading) -> dict[str, int]:
    """Return how many snapshots of each system were compared with its records."""
    with trading.world.connect() as connection:
        found = connection.execute("SELECT system, count(*) FROM sweep GROUP BY 1")
        return dict.fromkeys(SYSTEMS, 0) | dict(found.fetchall())


def await_reading_anew(trading: Trading, swept: dict[str, int]) -> None:
    """Wait until every system was read anew since it was swept so often.

    A connector may go on for seconds before it sees what the broker forgot: then all
    has arrived, and is sent again while somebody compares.
    """
    trading.world.parts.until(
        lambda: all(now > swept[name] for name, now in sweeps(trading).items()),
        within=REST_S,
        what="every system is read anew",
    )


# above 20 s: PostgreSQL recovers twice, and so does everything that uses it
@pytest.mark.timeout(1_800)
def test_nothing_is_lost_when_postgresql_falls(trading: Trading) -> None:
    for _ in range(scaled(1, 2)):
        trading.trader.trade(1.5)
        trading.world.postgres.restart(immediate=True)
        trading.world.reopen_systems()
        trading.trader.trade(1.5)
    assert trading.found() == []


@pytest.mark.timeout(1_800)
def test_nothing_is_lost_when_every_session_is_ended(trading: Trading) -> None:
    for number in range(scaled(6, 40)):
        trading.trader.trade(0.5)
        with trading.world.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = ANY(%s)",
                [["couture-resolver", "couture-relay"][: 1 + number % 2]],
            )
    assert trading.found() == []


# above 20 s: four sources are read from the beginning
@pytest.mark.timeout(1_800)
def test_no_row_and_no_delete_is_lost_when_the_broker_forgets_everything(
    trading: Trading,
) -> None:
    broker = trading.world.broker
    assert broker
    for number in range(scaled(1, 2)):
        person = writes.person(POS, f"FORGOTTEN-{number}")
        trading.world.systems.apply(person)
        trading.trader.come_to_rest(within=REST_S)

        swept = sweeps(trading)
        broker.kill()
        trading.trader.trade(1)
        trading.world.systems.apply(writes.gone(POS, "customer", person.row))
        broker.start()
        trading.trader.trade(1)
        await_reading_anew(trading, swept)
        assert trading.found(whole=False) == []
