"""The captured log again, repeated and out of order: the same state as before."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kafka import KafkaAdminClient, KafkaProducer

from schemas import wire
from service.database.connection.migrate import migrate
from service.database.connection.session import Connection, connect
from service.local.servers import start_broker
from service.runtime.processes import our_program
from tests.end_to_end import check_topics
from tests.end_to_end.check_topics import Message
from tests.end_to_end.installation import RESOLVER, STEADY_S, Installation, caught_up
from tests.end_to_end.processes import Processes
from tests.end_to_end.workload import Trader
from tests.faults.scale import scaled
from tests.resolver.deliveries import clusters, profiles

pytestmark = [pytest.mark.turn(2), pytest.mark.timeout(900)]
WINDOW = scaled(200, 1_000)
REPLAYS = scaled(1, 5)


@pytest.fixture(scope="module")
def log(journey: Installation) -> list[Message]:
    """The source topics after some trade, all of it applied."""
    trader = Trader(journey, seed=11, people=30, rate=100)
    trader.trade(scaled(3, 15))
    trader.come_to_rest(within=STEADY_S)
    return check_topics.read_all(journey.bootstrap, [wire.SOURCE_TOPIC_PREFIX])


def messy(log: Sequence[Message], seed: int) -> list[Message]:
    """Return the log with half of it repeated, shuffled over a wide window."""
    chance = random.Random(seed)
    repeated = [*log, *chance.sample(log, len(log) // 2)]
    placed = [
        (number % len(log) + chance.uniform(0, WINDOW), number)
        for number in range(len(repeated))
    ]
    return [repeated[number] for _, number in sorted(placed)]


def send(bootstrap: str, messages: Sequence[Message]) -> None:
    """Write the messages to their topics, to any partition: order is not kept."""
    producer = KafkaProducer(
        bootstrap_servers=bootstrap, acks="all", max_request_size=32 * 1024**2
    )
    for number, m in enumerate(messages):
        producer.send(
            m.topic,
            key=m.key,
            value=m.value,
            headers=[*m.headers.items()],
            partition=number % 4,
        )
    producer.flush(timeout=60)
    producer.close()


def versions(connection: Connection) -> list[Any]:
    """Return every customer with its version and profile."""
    return connection.execute(
        "SELECT customer_id, version, profile FROM customer ORDER BY 1"
    ).fetchall()


def sums(connection: Connection) -> list[Any]:
    """Return the points of every account."""
    return connection.execute(
        "SELECT s.system, s.id, sum(amount), count(*) FROM loyalty_movement m"
        " JOIN source_record s ON s.record_id = m.customer_record_id"
        " GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()


def test_the_log_again_changes_nothing(
    journey: Installation, log: list[Message]
) -> None:
    with journey.connect() as connection:
        before = versions(connection), sums(connection)
        for seed in range(REPLAYS):
            send(journey.bootstrap, messy(log, seed=seed))
            journey.parts.until(journey.caught_up, within=STEADY_S, what="all was read")

        assert (versions(connection), sums(connection)) == before


@pytest.fixture
def fresh(
    journey: Installation, tmp_path: Path
) -> Iterator[tuple[str, str, Processes]]:
    """An empty database and an empty broker with a resolver of their own."""
    with psycopg.connect(journey.postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS fresh WITH (FORCE)")
        admin.execute("CREATE DATABASE fresh")
    url = journey.postgres.url("fresh")
    migrate(url)
    parts = Processes(tmp_path)
    with start_broker(directory=tmp_path) as broker:
        try:
            yield url, broker.bootstrap, parts
        finally:
            parts.stop_all()


def test_any_order_with_repeats_ends_as_the_clean_stream(
    journey: Installation, log: list[Message], fresh: tuple[str, str, Processes]
) -> None:
    url, bootstrap, parts = fresh
    create_topics(bootstrap, {m.topic for m in log})
    send(bootstrap, messy(log, seed=2))
    environment = {"COUTURE_DATABASE_URL": url, "COUTURE_KAFKA": bootstrap}
    parts.start(our_program(RESOLVER, "service.cli", "resolve", env=environment))
    parts.until(
        lambda: caught_up(url, bootstrap, relay=False),
        within=STEADY_S,
        what="all was read",
    )
    with connect(url, autocommit=True) as anew, journey.connect() as clean:
        assert clusters(anew) == clusters(clean)
        assert profiles(anew) == profiles(clean)
        assert sums(anew) == sums(clean)


def create_topics(bootstrap: str, topics: set[str]) -> None:
    """Create the source topics, with four partitions as connectors do."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    options = {"num_partitions": 4, "replication_factor": 1}
    admin.create_topics({t: dict(options) for t in topics}, wait_for_metadata=True)
    admin.close()
