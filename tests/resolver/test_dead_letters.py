"""What comes to stand in the dead letters: rows and messages, and never an outage."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaConnectionError

from matching.duckdb_errors import OutOfResources
from schemas import wire
from service.database.connection.session import Connection
from service.relay.topics import create_outgoing_topics, create_source_topics
from service.resolver import worker
from service.resolver.transient_errors import is_outage
from service.settings import Settings
from tests.resolver.deliveries import ANNE, customer

TOPIC = wire.source_topic("pos")
WITHIN_S = 120
ROW = [
    ("schema", wire.REJECT_SCHEMA.encode()),
    ("reason", b"customer.id: is missing"),
    ("system", b"pos"),
    ("table", b"customer"),
]


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        MemoryError(),
        OutOfResources("out of memory"),
        KafkaConnectionError(),
        psycopg.OperationalError("the connection is closed"),
        psycopg.errors.UndefinedTable(),
        psycopg.errors.InsufficientPrivilege(),
        psycopg.errors.DiskFull(),
        psycopg.errors.DeadlockDetected(),
    ],
)
def test_an_outage_is_waited_for(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no such day"),
        psycopg.errors.CheckViolation(),
        psycopg.errors.NumericValueOutOfRange(),
        psycopg.errors.ProgramLimitExceeded(),
        psycopg.ProgrammingError("cannot adapt"),
    ],
)
def test_what_a_message_causes_is_no_outage(error: Exception) -> None:
    assert not is_outage(error)


@pytest.fixture
def producer(broker: str) -> Iterator[KafkaProducer]:
    create_outgoing_topics(broker)
    create_source_topics(broker, [TOPIC])
    opened = KafkaProducer(bootstrap_servers=broker, acks="all")
    yield opened
    opened.close()


@pytest.fixture
def resolver(database_url: str, broker: str) -> Iterator[None]:
    """A resolver in this process, until the test ends."""
    stop = threading.Event()
    settings = Settings(database_url=database_url, kafka=broker)
    thread = threading.Thread(
        target=worker.run, args=(settings,), kwargs={"stop": stop}
    )
    thread.start()
    yield
    stop.set()
    thread.join(WITHIN_S)


def test_rows_and_messages_come_into_the_table_and_an_outage_adds_none(
    connection: Connection, producer: KafkaProducer, resolver: None
) -> None:
    def count(query: str) -> int:
        row = connection.execute(query).fetchone()
        return int(row[0]) if row else 0

    connection.execute("ALTER TABLE link RENAME TO link_away")
    for number in range(3):
        key, value, headers = wire.encode(customer(f"pos:{number}", 1, **ANNE))
        producer.send(TOPIC, key=key, value=value, headers=headers, partition=0)
    producer.send(
        TOPIC, key=b"customer/pos:9", value=b"{", headers=headers, partition=0
    )
    producer.send(
        wire.DEADLETTERS_TOPIC, key=b"pos/customer/1", value=b"{}", headers=ROW
    )
    producer.flush()
    # the records are published, then scoring finds its table away, again and again
    until(lambda: count("SELECT count(*) FROM source_record") == 3)
    time.sleep(1.0)  # some tries; the assertion below holds however few there were
    assert count("SELECT count(*) FROM dead_letter WHERE reason = 'cannot_apply'") == 0

    connection.execute("ALTER TABLE link_away RENAME TO link")
    until(lambda: count("SELECT count(*) FROM label") == 3)
    until(lambda: count("SELECT count(*) FROM dead_letter") == 2)

    found = connection.execute(
        "SELECT topic, reason, detail, state, message_headers->>'system'"
        " FROM dead_letter ORDER BY topic"
    ).fetchall()
    assert found[0] == (
        wire.DEADLETTERS_TOPIC,
        "unmappable_row",
        "customer.id: is missing",
        "open",
        "pos",
    )
    assert found[1][:2] == (TOPIC, "not_json")
    told = count(
        f"SELECT count(*) FROM outbox WHERE topic = '{wire.DEADLETTERS_TOPIC}'"
    )
    assert told == 1  # the row stands on the topic already


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)
