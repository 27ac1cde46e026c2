"""A real MariaDB and Debezium's binlog connector: nothing captured is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.debezium.mariadb import HISTORY_TOPIC
from schemas import wire
from schemas.change_event import Op
from tests.connectors.connector_process import Process, Topic, wait_until
from tests.mariadb.server import MariaDB

POS = wire.source_topic("pos")
Run = Callable[..., list[Any]]


@pytest.fixture
def run(mariadb: MariaDB, till_on_mariadb: str) -> Run:
    """Run one statement in the till's database."""
    return lambda statement: mariadb.run(statement, till_on_mariadb)


@pytest.fixture
def capture(
    mariadb: MariaDB,
    till_on_mariadb: str,
    mariadb_jars: Path,
    broker: str,
    tmp_path: Path,
) -> Callable[..., Process]:
    """Start the till's capture."""
    config = tmp_path / "pos.toml"
    config.write_text('kind = "mariadb"\nheartbeat_ms = 500\n')
    environ = {
        "COUTURE_POS_DSN": mariadb.url(till_on_mariadb),
        "COUTURE_KAFKA": broker,
        "COUTURE_MARIADB_JARS": str(mariadb_jars),
    }
    arguments = ("run", "pos", "--config", str(config))
    return lambda *more: Process(tmp_path, *arguments, *more, environ=environ)


def customer(run: Run, name: str, city: str = "Besançon") -> None:
    run(
        "INSERT INTO customer (id, last_name, birth_date, city, updated_at)"
        f" VALUES ('{name}', 'Dupont', '1984-03-09', '{city}', now(6))"
    )


def cities(topic: Topic) -> dict[str, Any]:
    found: dict[str, Any] = topic.state()
    return {
        str(event.key.id): event.after.addresses[0].city
        for event in found.values()
        if event.kind == "customer"
    }


def held(run: Run) -> dict[str, str]:
    return dict(run("SELECT id, city FROM customer"))


def manifests(broker: str) -> int:
    with Topic(broker, wire.SNAPSHOTS_TOPIC, partitions=1) as topic:
        return len(topic.read())


@pytest.mark.timeout(900)  # above 20 s: the engine starts several times
def test_a_capture_of_mariadb_goes_from_the_snapshot_to_each_change_and_survives_a_kill(
    run: Run, capture: Callable[..., Process], broker: str, tmp_path: Path
) -> None:
    for number in range(3):
        customer(run, f"C-{number}")
    with capture() as first, Topic(broker, POS) as topic:
        first.wait_for('"streaming"')
        wait_until(lambda: cities(topic) == held(run), lambda: first.said)
        assert {event.op for event in topic.events()} == {Op.READ}
        born = [e.after.birth_date.isoformat() for e in topic.state().values()]  # type: ignore[union-attr]
        assert born == ["1984-03-09"] * 3

        run("UPDATE customer SET city = 'Lyon' WHERE id = 'C-0'")
        run("DELETE FROM customer WHERE id = 'C-1'")
        run("UPDATE customer SET id = 'C-9' WHERE id = 'C-2'")
        run(
            "INSERT INTO sale VALUES ('S-1', 'C-0', 'PAR', 'paid', 12.5, now(),"
            ' \'[{"sku": "A", "label": "B", "quantity": 2, "amount": 6.25}]\')'
        )
        wait_until(lambda: "order/pos:S-1" in topic.state(), lambda: first.said)
        wait_until(lambda: cities(topic) == held(run), lambda: first.said)
        sale: Any = topic.state()["order/pos:S-1"]
        assert (str(sale.after.total), sale.after.lines[0].quantity) == ("12.50", 2)

        first.kill()
        for number in range(100):
            customer(run, f"K-{number}")
        run("FLUSH BINARY LOGS")
        run("UPDATE customer SET city = 'Nice' WHERE id = 'K-50'")
        # Its shape changes while nobody reads: the log before it has the old one.
        run("ALTER TABLE customer ADD COLUMN shoe varchar(5) DEFAULT '38' FIRST")
        customer(run, "K-100")
        before = first.said
        with capture() as second:
            wait_until(lambda: cities(topic) == held(run), lambda: second.said)
            assert second.stop() == 0
            assert '"snapshot"' not in second.said[len(before) :]
            assert "new column shoe" in second.said
            assert "Dupont" not in second.said
        assert sum(event.op is Op.READ for event in topic.events()) == 3
    with Topic(broker, HISTORY_TOPIC + "pos", partitions=1) as history:
        assert history.read()
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


@pytest.mark.timeout(900)  # above 20 s: the engine starts several times
def test_what_the_binlog_cannot_tell_makes_mariadb_be_read_again(
    run: Run, capture: Callable[..., Process], broker: str, till_on_mariadb: str
) -> None:
    customer(run, "C-0")
    with capture() as process, Topic(broker, POS) as topic:
        process.wait_for('"streaming"')
        wait_until(lambda: manifests(broker) == 1, lambda: process.said)

        customer(run, "C-1")
        run("TRUNCATE TABLE customer")
        customer(run, "C-2")
        process.wait_for("emptied at once")
        wait_until(lambda: manifests(broker) == 2, lambda: process.said)
        wait_until(lambda: "C-2" in cities(topic), lambda: process.said)

        run("RENAME TABLE customer TO customer_old")
        run("CREATE TABLE customer LIKE customer_old")
        customer(run, "C-3")
        process.wait_for("dropped or created anew")
        wait_until(lambda: "C-3" in cities(topic), lambda: process.said)
        wait_until(lambda: manifests(broker) > 2, lambda: process.said)
        assert process.stop() == 0
        # The log was purged while nobody read: what it held only a snapshot brings.
        run("UPDATE customer SET city = 'Brest' WHERE id = 'C-3'")
        run("FLUSH BINARY LOGS")
        last = run("SHOW MASTER STATUS")[0][0]
        run(f"PURGE BINARY LOGS TO '{last}'")
        with capture() as again:
            wait_until(lambda: cities(topic).get("C-3") == "Brest", lambda: again.said)
            assert again.stop() == 0
