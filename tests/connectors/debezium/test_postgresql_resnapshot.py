"""What PostgreSQL's log cannot tell is read again; what would be lost is paused; and an
idle source holds back no log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from schemas import wire
from schemas.change_event import Op
from service.local.servers import EmbeddedPostgres
from tests.connectors.conftest import SCHEMA
from tests.connectors.connector_process import Process, Topic, wait_until

POS = wire.source_topic("pos")


def customer(database: Any, name: str, city: str = "Paris") -> None:
    database.execute(
        "INSERT INTO customer (id, last_name, city) VALUES (%s, 'Dupont', %s)",
        [name, city],
    )


def confirmed(database: Any) -> int:
    row = database.execute(
        "SELECT (confirmed_flush_lsn - '0/0')::bigint FROM pg_replication_slots"
        " WHERE slot_name = 'couture_pos'"
    ).fetchone()
    return int(row[0])


def manifests(broker: str) -> int:
    with Topic(broker, wire.SNAPSHOTS_TOPIC, partitions=1) as topic:
        return len(topic.read())


@pytest.mark.timeout(900)  # above 20 s: the engine starts several times
def test_a_source_is_followed_through_truncation_and_drift_until_a_column_is_missing(
    till: str,
    database: Any,
    postgres: EmbeddedPostgres,
    broker: str,
    tmp_path: Path,
) -> None:
    (tmp_path / "pos.toml").write_text("heartbeat_ms = 300\n")
    environ = {"COUTURE_POS_DSN": till, "COUTURE_KAFKA": broker}
    arguments = ("run", "pos", "--config", "pos.toml")
    customer(database, "C-0")
    with (
        Process(tmp_path, *arguments, environ=environ) as process,
        Topic(broker, POS) as topic,
    ):
        process.wait_for('"streaming"')

        def held(number: int, *names: str) -> None:
            wanted = {f"customer/pos:{name}" for name in names}
            wait_until(lambda: wanted <= topic.state().keys(), lambda: process.said)
            wait_until(lambda: manifests(broker) >= number, lambda: process.said)

        held(1, "C-0")

        # Nothing captured changes, but others write: the log must not be held back.
        database.execute("CREATE TABLE other (n int)")
        database.execute("INSERT INTO other SELECT generate_series(1, 1000)")
        row = database.execute("SELECT (pg_current_wal_lsn() - '0/0')::bigint")
        written = int(row.fetchone()[0])
        wait_until(lambda: confirmed(database) >= written, lambda: process.said)

        # The whole row before, and nothing of it in the delete but its key.
        database.execute("ALTER TABLE customer REPLICA IDENTITY FULL")
        database.execute("DELETE FROM customer WHERE id = 'C-0'")
        wait_until(lambda: "customer/pos:C-0" not in topic.state())
        assert [str(e.key) for e in topic.events() if e.op is Op.DELETE] == ["pos:C-0"]

        customer(database, "C-1")
        database.execute("TRUNCATE customer")
        customer(database, "C-2")
        process.wait_for("emptied at once")
        held(2, "C-1", "C-2")

        database.execute("ALTER TABLE customer ADD COLUMN shoe text DEFAULT '38'")
        customer(database, "C-3")
        process.wait_for("new column shoe")

        database.execute("DROP TABLE customer")
        database.execute(SCHEMA.read_bytes())
        customer(database, "C-4")
        process.wait_for('"retrying"')
        held(3, "C-4")

        database.execute("ALTER TABLE customer DROP COLUMN city")
        customer_without_city = (
            "INSERT INTO customer (id, last_name) VALUES ('C-5', 'X')"
        )
        database.execute(customer_without_city)
        assert process.wait() == 3
        assert "no column city" in process.said
        # It would have been taken for a customer without an address.
        assert "customer/pos:C-5" not in topic.state()
        assert "Dupont" not in process.said


@pytest.mark.timeout(600)
def test_an_idle_table_beside_a_busy_one_is_captured_after_a_kill_and_a_moved_slot(
    till: str, database: Any, broker: str, tmp_path: Path
) -> None:
    (tmp_path / "pos.toml").write_text("heartbeat_ms = 300\n")
    environ = {"COUTURE_POS_DSN": till, "COUTURE_KAFKA": broker}
    arguments = ("run", "pos", "--config", "pos.toml")
    database.execute("CREATE TABLE other (n int)")
    customer(database, "C-0")

    def write_others() -> int:
        database.execute("INSERT INTO other SELECT generate_series(1, 1000)")
        row = database.execute("SELECT (pg_current_wal_lsn() - '0/0')::bigint")
        return int(row.fetchone()[0])

    def held(*names: str) -> None:
        wanted = {f"customer/pos:{name}" for name in names}
        wait_until(lambda: wanted <= topic.state().keys(), lambda: process.said)

    def times_told(name: str) -> int:
        return [str(e.key) for e in topic.events()].count(f"pos:{name}")

    with Topic(broker, POS) as topic:
        with Process(tmp_path, *arguments, environ=environ) as process:
            process.wait_for('"streaming"')
            customer(database, "C-1")
            held("C-0", "C-1")
            for _ in range(5):
                written = write_others()
                wait_until(lambda at=written: confirmed(database) >= at)
            write_others()
            process.kill()
        customer(database, "C-2")
        with Process(tmp_path, *arguments, environ=environ) as process:
            held("C-2")
            assert times_told("C-0") == 1, "it goes on from its offset"
            process.kill()
        customer(database, "C-3")
        wait_until(lambda: moved_to_the_end(database))
        with Process(tmp_path, *arguments, environ=environ) as process:
            held("C-3")
            assert times_told("C-0") == 2, "what the slot skips is read again"


def moved_to_the_end(database: Any) -> bool:
    """Make the slot anew, as one who mends a full disk may; not while it is read."""
    try:
        database.execute("SELECT pg_drop_replication_slot('couture_pos')")
    except psycopg.errors.ObjectInUse:
        return False
    database.execute(
        "SELECT pg_create_logical_replication_slot('couture_pos', 'pgoutput')"
    )
    return True
