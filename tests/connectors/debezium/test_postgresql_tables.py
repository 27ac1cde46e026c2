"""Tables of PostgreSQL that are not plain: ids beside the primary key, partitions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from schemas import wire
from service.database.connection.session import Connection
from service.resolver.micro_batch import ReceivedEvent
from service.resolver.store import publish
from service.verification.topics import read
from tests.connectors.connector_process import Process, Topic, wait_until
from tests.resolver.fake_model import PlainModel

Start = Callable[..., Process]
MEMBERS = """
tables:
  member:
    - kind: customer
      id: number
      fields: { family_name: name }
    - kind: consent
      id: id
      fields:
        customer: { from: number, transform: source_key }
        purpose: { constant: marketing }
        channel: { constant: email }
        status: { constant: given }
        at: { constant: "2026-01-05T10:00:00Z" }
"""
KEPT = {
    "customer/club:M-0", "customer/club:N-2", "customer/club:M-3",
    "consent/club:0", "consent/club:2", "consent/club:3",
}  # fmt: skip
ACCOUNTS = """
tables:
  account:
    kind: customer
    id: id
    fields: { family_name: name }
    parts:
      address:
        customer: account_id
        id: id
        fields: { phones: [phone], addresses: { fields: { city: town } } }
"""
VISITORS = """
tables:
  visitor:
    kind: customer
    id: id
    fields: { family_name: name }
"""


@pytest.fixture
def club(till: str, broker: str, tmp_path: Path) -> Start:
    """Start a command of the connectors for the system `club`, on the till's database
    and the mapping that stands in `mapping.yaml`."""
    settings = tmp_path / "club.toml"
    settings.write_text('kind = "postgresql"\nmapping = "mapping.yaml"\n')
    environ = {"COUTURE_CLUB_DSN": till, "COUTURE_KAFKA": broker}
    options = ("club", "--config", str(settings))
    return lambda command: Process(tmp_path, command, *options, environ=environ)


def test_a_record_whose_id_is_not_the_primary_key_goes_with_its_row(
    club: Start, database: psycopg.Connection[Any], broker: str, tmp_path: Path
) -> None:
    (tmp_path / "mapping.yaml").write_text(MEMBERS)
    database.execute(
        "CREATE TABLE member (id int PRIMARY KEY, number text NOT NULL, name text);"
        "INSERT INTO member SELECT n, 'M-' || n, 'Roux' FROM generate_series(0, 3) n"
    )
    with club("run") as refused:
        refused.wait_for('"failed"')
        assert "would not tell number" in refused.said
        assert "ALTER TABLE member REPLICA IDENTITY FULL" in refused.said

    database.execute("ALTER TABLE member REPLICA IDENTITY FULL")
    with club("run") as process:
        process.wait_for('"streaming"')
        database.execute("DELETE FROM member WHERE id = 1")
        database.execute("UPDATE member SET number = 'N-2' WHERE id = 2")
        database.execute("UPDATE member SET name = 'Rey' WHERE id = 3")
        with Topic(broker, wire.source_topic("club")) as topic:
            wait_until(lambda: topic.state().keys() == KEPT, lambda: process.said)

        with club("remove") as busy:
            busy.wait_for("Another connector reads the replication slot couture_club")
        assert _held_for_the_club(database) == 2
        assert process.stop() == 0
    with club("remove") as removed:
        removed.wait_for("The offset of club is forgotten")
    assert _held_for_the_club(database) == 0


def _held_for_the_club(database: psycopg.Connection[Any]) -> int:
    """Return how many slots and publications the database holds for it."""
    found = database.execute(
        "SELECT (SELECT count(*) FROM pg_replication_slots WHERE slot_name = %(name)s)"
        " + (SELECT count(*) FROM pg_publication WHERE pubname = %(name)s)",
        {"name": "couture_club"},
    ).fetchone()
    assert found
    return int(found[0])


def test_changes_of_partitions_are_those_of_their_table(
    club: Start, database: psycopg.Connection[Any], broker: str, tmp_path: Path
) -> None:
    (tmp_path / "mapping.yaml").write_text(VISITORS)
    database.execute(
        "CREATE TABLE visitor (id int PRIMARY KEY, name text) PARTITION BY RANGE (id);"
        "CREATE TABLE visitor_a PARTITION OF visitor FOR VALUES FROM (0) TO (10);"
        "CREATE TABLE visitor_b PARTITION OF visitor FOR VALUES FROM (10) TO (20);"
        "INSERT INTO visitor VALUES (1, 'Roux'), (2, 'Rey'), (11, 'Ray');"
        "CREATE PUBLICATION couture_club FOR TABLE visitor"
    )
    with club("run") as refused:
        refused.wait_for('"failed"')
        assert "SET (publish_via_partition_root = true)" in refused.said

    database.execute(
        "ALTER PUBLICATION couture_club SET (publish_via_partition_root = true)"
    )
    with club("run") as process:
        process.wait_for('"streaming"')
        database.execute(
            "INSERT INTO visitor VALUES (12, 'Ruiz');"
            "UPDATE visitor SET name = 'Roy' WHERE id = 1;"
            "DELETE FROM visitor WHERE id = 2;"
            "UPDATE visitor SET id = 3 WHERE id = 11"  # into the other partition
        )
        wanted = {"1": "Roy", "12": "Ruiz", "3": "Ray"}
        with Topic(broker, wire.source_topic("club")) as topic:
            wait_until(lambda: _names(topic) == wanted, lambda: process.said)


def _names(topic: Topic) -> dict[str, Any]:
    found: dict[str, Any] = topic.state()
    return {str(event.key.id): event.after.family_name for event in found.values()}


def test_a_customer_of_two_tables_follows_the_changes_of_both(
    club: Start,
    database: psycopg.Connection[Any],
    connection: Connection,
    broker: str,
    tmp_path: Path,
) -> None:
    (tmp_path / "mapping.yaml").write_text(ACCOUNTS)
    database.execute(
        "CREATE TABLE account (id int PRIMARY KEY, name text);"
        "CREATE TABLE address (id int PRIMARY KEY, account_id int, phone text,"
        " town text);"
        "INSERT INTO account VALUES (1, 'Roux'), (2, 'Rey'), (3, 'Ray');"
        "INSERT INTO address VALUES (10, 1, '0611223344', 'Lyon'),"
        " (11, 2, NULL, 'Pau'), (12, NULL, '0600000000', 'Nice'),"
        " (13, 3, '0655667788', NULL)"
    )
    with club("run") as refused:
        refused.wait_for('"failed"')
        assert "ALTER TABLE address REPLICA IDENTITY FULL" in refused.said

    database.execute("ALTER TABLE address REPLICA IDENTITY FULL")
    with club("run") as process:
        process.wait_for('"streaming"')
        database.execute(
            "UPDATE account SET name = 'Roy' WHERE id = 1;"
            "UPDATE address SET town = 'Albi' WHERE id = 11;"
            "UPDATE address SET account_id = 2 WHERE id = 13;"
            "INSERT INTO address VALUES (14, 3, '0699887766', 'Sète');"
            "DELETE FROM address WHERE id = 14"
        )
        wanted = {
            "1": {
                "family_name": "Roy",
                "phones": ["0611223344"],
                "addresses": [{"city": "Lyon"}],
            },
            "2": {
                "family_name": "Rey",
                "phones": ["0655667788"],
                "addresses": [{"city": "Albi"}],
            },
            "3": {"family_name": "Ray"},
        }
        wait_until(lambda: _stored(broker, connection) == wanted, lambda: process.said)


def _stored(broker: str, connection: Connection) -> dict[str, Any]:
    """Return the records by id, after storing all that stands on the topic."""
    model: Any = PlainModel()
    received = [
        ReceivedEvent(wire.decode(one.value, one.headers, topic=one.topic), one)
        for one in read(broker, wire.source_topic("club"))
    ]
    publish(connection, received, model=model)
    rows = connection.execute("SELECT id, record FROM source_record")
    return dict(rows.fetchall())
