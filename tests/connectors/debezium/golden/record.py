"""Record what the real Debezium says, as Kafka Connect would write it: its defaults.

`python -m tests.connectors.debezium.golden.record postgresql|mariadb JARS`
writes the messages of one story beside this file, with schemas and without.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from connectors import settings
from connectors.debezium import jars
from connectors.debezium.engine import Engine
from connectors.debezium.mariadb import MariaDBConfig, MariaDBConnector
from connectors.debezium.postgresql import PostgresConfig, PostgresConnector
from service.local.servers import start_broker, start_postgres
from tests.mariadb.server import start_mariadb

HERE = Path(__file__).parent
TABLE = (
    "CREATE TABLE customer (id varchar(40) PRIMARY KEY, last_name varchar(100),"
    " birth_date date, city varchar(100), spent numeric(12, 2),"
    " updated_at timestamp(6) NULL, notes text)"
)
STORY = (
    "UPDATE customer SET city = 'Lyon', spent = -1.05 WHERE id = 'C-1'",
    "INSERT INTO customer (id, last_name) VALUES ('C-3', 'L''Hévéder')",
    "DELETE FROM customer WHERE id = 'C-2'",
    "UPDATE customer SET id = 'C-9' WHERE id = 'C-3'",
    "TRUNCATE TABLE customer",
    "INSERT INTO customer (id, last_name) VALUES ('C-4', 'Le Goff')",
)
FIRST = (
    "INSERT INTO customer VALUES ('C-1', 'Müller', '1984-03-09', 'Paris', 12.50,"
    " '2026-01-02 10:00:00.123456', '{notes}'),"
    " ('C-2', 'Dupont', '1848-02-24', 'Brest', 99999999.99, NULL, NULL)"
)
DEFAULTS = (
    "decimal.handling.mode",
    "time.precision.mode",
    "tombstones.on.delete",
)
Run = Callable[[str], Any]


@contextmanager
def postgresql(folder: Path) -> Iterator[tuple[Run, dict[str, str]]]:
    with start_postgres(folder, databases=("till",), durable=False) as server:
        config = settings.parse(
            PostgresConfig,
            {"kind": "postgresql", "system": "pos", "dsn": server.url("till")},
        )
        properties = PostgresConnector(config, ["customer"])._properties()
        with psycopg.connect(server.url("till"), autocommit=True) as connection:
            connection.execute(TABLE.encode())
            # Large values stand outside of the row, and the log leaves them out.
            connection.execute("ALTER TABLE customer ALTER notes SET STORAGE EXTERNAL")
            yield lambda said: connection.execute(said.encode()), properties


@contextmanager
def mariadb(folder: Path) -> Iterator[tuple[Run, dict[str, str]]]:
    with start_mariadb() as server, start_broker(directory=folder) as broker:
        server.run("CREATE DATABASE till CHARACTER SET utf8mb4")
        server.run(TABLE, "till")
        config = settings.parse(
            MariaDBConfig,
            {"kind": "mariadb", "system": "pos", "dsn": server.url("till")},
        )
        connector = MariaDBConnector(
            config, ["customer"], {}, bootstrap=broker.bootstrap
        )
        yield lambda said: server.run(said, "till"), connector._properties()


def record(kind: str, folder: Path, *, schemas: bool) -> list[dict[str, str | None]]:
    """Return the messages of the table's topic, in order."""
    opened = postgresql if kind == "postgresql" else mariadb
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        with opened(Path(directory)) as (run, properties):
            run(FIRST.format(notes="é" * 1_500))
            for name in DEFAULTS:
                properties.pop(name)
            properties["key.converter.schemas.enable"] = str(schemas).lower()
            properties["value.converter.schemas.enable"] = str(schemas).lower()
            return list(_told(Engine(properties, None, jars=folder), run))


def _told(engine: Engine, run: Run) -> Iterator[dict[str, str | None]]:
    seen, quiet, left = 0, 0, list(STORY)
    for read in engine.batches():
        rows = [one for one in read.records if '"op":"' in one.value]
        for one in rows:
            yield {"key": None if one.key == "None" else one.key, "value": one.value}
        seen, quiet = seen + len(rows), 0 if rows else quiet + 1
        if seen and quiet > 3:
            if not left:
                return
            while left:
                run(left.pop(0))
            quiet = -5


def main(kind: str, jars_folder: str = "") -> None:
    """Write the messages of one database."""
    folder = Path(jars_folder) if jars_folder else jars.bundled()
    for schemas in (False, True):
        name = f"{kind}{'_with_schemas' if schemas else ''}.jsonl"
        told = record(kind, folder, schemas=schemas)
        lines = [json.dumps(one, ensure_ascii=False) + "\n" for one in told]
        (HERE / name).write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
