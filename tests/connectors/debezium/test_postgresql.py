"""A real PostgreSQL, the real Debezium, a real broker: nothing captured is lost."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.debezium.postgresql import PostgresConnector
from schemas import wire
from schemas.change_event import Op
from service.local.servers import EmbeddedBroker, EmbeddedPostgres, start_broker
from tests.connectors.connector_process import Process, Topic, wait_until

POS = wire.source_topic("pos")


def capture(directory: Path, till: str, bootstrap: str, *options: str) -> Process:
    environ = {"COUTURE_POS_DSN": till, "COUTURE_KAFKA": bootstrap}
    return Process(directory, "run", "pos", *options, environ=environ)


def customer(till: psycopg.Connection[Any], name: str, city: str = "Paris") -> None:
    till.execute(
        "INSERT INTO customer (id, last_name, birth_date, city, updated_at)"
        " VALUES (%s, 'Dupont', '1984-03-09', %s, now())",
        [name, city],
    )


def cities(topic: Topic) -> dict[str, Any]:
    state: dict[str, Any] = topic.state()
    return {
        str(event.key.id): event.after.addresses[0].city
        for event in state.values()
        if event.kind == "customer"
    }


def held(till: psycopg.Connection[Any]) -> dict[str, str]:
    return dict(till.execute("SELECT id, city FROM customer").fetchall())


def test_a_capture_goes_from_the_snapshot_to_each_change_and_survives_a_kill(
    till: str, database: psycopg.Connection[Any], broker: str, tmp_path: Path
) -> None:
    for number in range(3):
        customer(database, f"C-{number}")
    database.execute("ANALYZE")  # so the server knows how many rows there are
    (tmp_path / "pos.toml").write_text("batch_size = 1\n")  # so a snapshot has many
    with capture(tmp_path, till, broker, "--config", "pos.toml") as first:
        first.wait_for('"streaming"')
        assert '"state": "snapshot", "rows": 1, "of": 3' in first.said
        with Topic(broker, POS) as topic:
            wait_until(lambda: cities(topic) == held(database), lambda: first.said)
            assert {event.op for event in topic.events()} == {Op.READ}

            database.execute("UPDATE customer SET city = 'Lyon' WHERE id = 'C-0'")
            database.execute("DELETE FROM customer WHERE id = 'C-1'")
            database.execute("UPDATE customer SET id = 'C-9' WHERE id = 'C-2'")
            database.execute(
                "INSERT INTO sale VALUES ('S-1', 'C-0', 'PAR', 'paid', 12.5, now(),"
                ' \'[{"sku": "A", "label": "B", "quantity": 2, "amount": 6.25}]\')'
            )
            wait_until(lambda: "order/pos:S-1" in topic.state(), lambda: first.said)
            wait_until(lambda: cities(topic) == held(database), lambda: first.said)
            deleted = [event for event in topic.events() if event.op is Op.DELETE]
            assert [str(event.key) for event in deleted] == ["pos:C-1", "pos:C-2"]
            sale: Any = topic.state()["order/pos:S-1"]
            assert (str(sale.after.total), sale.after.lines[0].quantity) == ("12.50", 2)

            _large_lines(database)
            database.execute("UPDATE sale SET status = 'returned' WHERE id = 'S-1'")
            wait_until(lambda: _returned(topic), lambda: first.said)

            _write_while(first.kill, till)
            before = first.said
            with capture(tmp_path, till, broker) as second:
                wait_until(lambda: cities(topic) == held(database), lambda: second.said)
                assert second.stop() == 0
                assert '"snapshot"' not in second.said[len(before) :]
                assert "Dupont" not in second.said
            assert sum(event.op is Op.READ for event in topic.events()) == 3
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def _large_lines(database: psycopg.Connection[Any]) -> None:
    # Too large to stay in its row, and too random to be packed into it.
    database.execute("ALTER TABLE sale ALTER COLUMN lines SET STORAGE EXTERNAL")
    database.execute(
        "UPDATE sale SET lines = (SELECT jsonb_agg(jsonb_build_object("
        "  'sku', md5(n::text), 'quantity', 1)) FROM generate_series(1, 200) n)"
    )


def _returned(topic: Topic) -> bool:
    sale: Any = topic.state()["order/pos:S-1"]
    return sale.after.status == "returned" and len(sale.after.lines) == 200


def _write_while(act: Any, till: str) -> None:
    def write() -> None:
        with psycopg.connect(till, autocommit=True) as connection:
            for number in range(400):
                customer(connection, f"K-{number}")
                if number % 3 == 0:
                    connection.execute(
                        "UPDATE customer SET city = 'Nice' WHERE id = %s",
                        [f"K-{number // 2}"],
                    )
                if number == 200:
                    started.set()

    started = threading.Event()
    thread = threading.Thread(target=write)
    thread.start()
    started.wait()
    act()
    thread.join()


def test_a_lost_broker_and_a_lost_slot_each_make_the_source_be_read_again(
    till: str, database: psycopg.Connection[Any], tmp_path: Path
) -> None:
    customer(database, "C-0")
    with start_broker(directory=tmp_path) as server:
        with capture(tmp_path, till, server.bootstrap) as process:
            process.wait_for('"streaming"')
            _lose_everything(server)
            database.execute("UPDATE customer SET city = 'Lyon'")
            customer(database, "C-1")
            process.wait_for('"retrying"')
            wait_until(lambda: process.said.count('"streaming"') > 1)
            with Topic(server.bootstrap, POS) as topic:
                wait_until(
                    lambda: cities(topic) == held(database), lambda: process.said
                )
            process.kill()
        _drop_slot(database)
        # A change that no slot kept: only a snapshot can bring it.
        database.execute("UPDATE customer SET city = 'Brest' WHERE id = 'C-1'")
        with capture(tmp_path, till, server.bootstrap) as again:
            with Topic(server.bootstrap, POS) as topic:
                wait_until(lambda: cities(topic) == held(database), lambda: again.said)
            assert again.stop() == 0


def _lose_everything(server: EmbeddedBroker) -> None:
    server.kill()
    server.start()


def _drop_slot(database: psycopg.Connection[Any]) -> None:
    def dropped() -> bool:
        try:
            database.execute("SELECT pg_drop_replication_slot('couture_pos')")
        except psycopg.errors.ObjectInUse:
            return False  # the server has not yet noticed that the reader is gone
        return True

    wait_until(dropped)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url.replace("till_", "nowhere_"), "does not exist"),
        (lambda url: url.rsplit(":", 1)[0] + ":9/till", "does not answer"),
        (lambda url: "nonsense", "`dsn` is no libpq URL"),
    ],
)
def test_a_database_that_is_not_there_is_told_in_one_sentence(
    till: str, tmp_path: Path, change: Any, said: str
) -> None:
    config = tmp_path / "pos.toml"
    config.write_text(f'dsn = "{change(till)}"\npatience = 0\n')
    environ: dict[str, str] = {}
    with Process(
        tmp_path, "check", "pos", "--config", str(config), environ=environ
    ) as process:
        assert process.wait() == 3
        line = json.loads(process.said.splitlines()[-1])
    assert line["state"] == "failed"
    assert said in line["problem"]
    assert line["remedy"]
    assert "Traceback" not in process.said


def test_a_table_that_is_not_there_is_named(till: str) -> None:
    from connectors import settings
    from connectors.contract import StopSource
    from connectors.debezium.postgresql import PostgresConfig

    config = settings.parse(
        PostgresConfig, {"kind": "postgresql", "system": "pos", "dsn": till}
    )
    PostgresConnector(config, ["customer", "public.sale"]).check()
    with pytest.raises(StopSource, match=r"There is no table public\.cashier"):
        PostgresConnector(config, ["customer", "cashier"]).check()


def test_a_server_without_logical_changes_is_told(
    postgres: EmbeddedPostgres,
) -> None:
    from connectors.contract import StopSource
    from connectors.debezium import postgresql_server

    class Connection:
        def execute(self, query: bytes, values: object) -> Connection:
            return self

        def fetchone(self) -> tuple[str]:
            return ("replica",)

    with pytest.raises(StopSource, match="wal_level"):
        postgresql_server.check_ready(Connection(), [])  # type: ignore[arg-type]
