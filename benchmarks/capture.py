"""How soon a commit stands on Kafka, how fast a snapshot is, and what it takes.

`python -m benchmarks.capture postgresql|mariadb [--rows N] [--poll MS]`
starts the database, the broker and one connector, and prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import psycopg

from connectors.debezium import jars
from schemas import wire
from service.local.servers import start_broker, start_postgres
from tests.connectors.conftest import CUSTOMER, SCHEMA
from tests.connectors.connector_process import Process, Topic, wait_until
from tests.mariadb.server import start_mariadb

CHANGES = 300
PAUSE_S = 0.02
ROW = "INSERT INTO customer (id, last_name, city) VALUES ('{}', 'Dupont', 'Paris')"
MANY = (
    "INSERT INTO customer (id, first_name, last_name, email, street, city)"
    " SELECT concat('S-', n), 'Marie', concat('Dupont', n), concat('m', n, '@x.fr'),"
    " '12 rue des Lilas', 'Paris' FROM {}"
)
Run = Callable[[str], Any]


@contextmanager
def postgresql(folder: Path, rows: int) -> Iterator[tuple[Run, str]]:
    """A till on PostgreSQL with so many customers."""
    with (
        start_postgres(folder / "pg", databases=("till",), durable=False) as server,
        psycopg.connect(server.url("till"), autocommit=True) as connection,
    ):
        connection.execute(SCHEMA.read_bytes())
        series = f"generate_series(1, {rows}) n"
        connection.execute(MANY.format(series).encode())
        yield lambda said: connection.execute(said.encode()), server.url("till")


@contextmanager
def mariadb(folder: Path, rows: int) -> Iterator[tuple[Run, str]]:
    """A till on MariaDB with so many customers."""
    with start_mariadb() as server, ExitStack() as held:
        server.run("CREATE DATABASE till CHARACTER SET utf8mb4")
        server.run(CUSTOMER, "till")
        series = f"(SELECT seq AS n FROM seq_1_to_{rows}) numbers"
        server.run(MANY.format(series), "till")
        opened = held.enter_context(server.connect("till"))
        with opened.cursor() as cursor:
            yield cursor.execute, server.url("till")


def measure(kind: str, rows: int, poll_ms: int, folder: Path) -> dict[str, Any]:
    """Return the figures of one run."""
    opened = postgresql if kind == "postgresql" else mariadb
    with (
        start_broker(directory=folder) as broker,
        opened(folder, rows) as (run, dsn),
    ):
        (folder / "mapping.yaml").write_text(
            "tables:\n  customer:\n    kind: customer\n    id: id\n    fields:\n"
            "      given_name: first_name\n      family_name: last_name\n"
            "      emails: [email]\n      addresses:\n        fields:\n"
            "          street: street\n          city: city\n"
        )
        (folder / "pos.toml").write_text(
            f'kind = "{kind}"\npoll_interval_ms = {poll_ms}\n'
        )
        environ = {
            "COUTURE_POS_DSN": dsn,
            "COUTURE_KAFKA": broker.bootstrap,
            "COUTURE_MARIADB_JARS": str(jars.mariadb_folder()),
        }
        arguments = ("run", "pos", "--config", "pos.toml", "--mapping", "mapping.yaml")
        began = time.monotonic()
        with Process(folder, *arguments, environ=environ) as process:
            process.wait_for('"streaming"')
            took = time.monotonic() - began
            rate = _rate(process.said, rows)
            delays = _delays(run, broker.bootstrap, rows)
            memory = psutil.Process(process._process.pid).memory_info().rss
            assert process.stop() == 0
    return {
        "kind": kind,
        "rows": rows,
        "poll_interval_ms": poll_ms,
        "start_and_snapshot_s": round(took, 1),
        "snapshot_rows_s": rate,
        "commit_to_topic_ms": {
            "p50": round(statistics.median(delays)),
            "p99": round(statistics.quantiles(delays, n=100)[98]),
        },
        "memory_mb": memory // 2**20,
        "load_average": os.getloadavg()[0],
    }


def _rate(said: str, rows: int) -> int:
    """Return the rows a second from the last sign without rows to the end."""
    lines = [json.loads(line) for line in said.splitlines() if line.startswith('{"at')]
    at = {line["state"]: datetime.fromisoformat(line["at"]) for line in lines}
    empty = [line["at"] for line in lines if line.get("rows") == 0]
    took = at["streaming"] - datetime.fromisoformat(empty[-1])
    return round(rows / took.total_seconds())


def _delays(run: Run, bootstrap: str, rows: int) -> list[float]:
    """Return the milliseconds from each commit to its event at a consumer."""
    committed: dict[str, float] = {}
    arrived: dict[str, float] = {}
    with Topic(bootstrap, wire.source_topic("pos")) as topic:
        wait_until(lambda: len(topic.read()) >= rows)
        seen = len(topic.messages)
        for number in range(CHANGES):
            run(ROW.format(f"L-{number}"))
            committed[f"L-{number}"] = time.monotonic()
            until = committed[f"L-{number}"] + PAUSE_S
            while time.monotonic() < until or number == CHANGES - 1:
                for found in topic._kafka.poll(timeout_ms=5).values():
                    for one in found:
                        arrived.setdefault(one.key.decode(), time.monotonic())
                if len(arrived) == CHANGES:
                    break
        assert seen == rows
    return [
        1000 * (arrived[f"pos:{name}"] - moment) for name, moment in committed.items()
    ]


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("postgresql", "mariadb"))
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--poll", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        found = measure(asked.kind, asked.rows, asked.poll, Path(folder))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
