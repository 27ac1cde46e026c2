"""A till's database of its own, captured by the connector under test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.contract import StopEverything
from connectors.debezium import jars
from service.local.servers import EmbeddedPostgres
from tests.connectors.paged_http_service import Shop
from tests.mariadb.server import MariaDB, start_mariadb
from tests.needs import needs

SCHEMA = Path(__file__).parents[2] / "service" / "demo" / "schema" / "pos.sql"
MARIADB_JARS = Path(__file__).parents[2] / ".couture" / "mariadb-jars"
_numbers = itertools.count(1)


@pytest.fixture
def till(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The URL of an empty till database; its slot is dropped with it."""
    name = f"till_{next(_numbers)}"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        with psycopg.connect(postgres.url(name), autocommit=True) as connection:
            connection.execute(SCHEMA.read_bytes())
        yield postgres.url(name)
        admin.execute(
            "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots"
            " WHERE active"
        )
        with psycopg.connect(postgres.url(name), autocommit=True) as connection:
            for _ in range(50):
                try:
                    connection.execute(
                        "SELECT pg_drop_replication_slot(slot_name)"
                        " FROM pg_replication_slots WHERE database = current_database()"
                    )
                    break
                except psycopg.errors.ObjectInUse:
                    connection.execute("SELECT pg_sleep(0.1)")
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def database(till: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the till's database."""
    with psycopg.connect(till, autocommit=True) as connection:
        yield connection


@pytest.fixture
def shop() -> Iterator[Shop]:
    """An HTTP service with no rows yet."""
    served = Shop()
    yield served
    served.close()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """One MariaDB server for all tests of a process."""
    with start_mariadb() as server:
        yield server


@pytest.fixture
def till_on_mariadb(mariadb: MariaDB) -> Iterator[str]:
    """The name of a till database on MariaDB, with a customer and a sale table."""
    name = f"till_{next(_numbers)}"
    mariadb.run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    mariadb.run(CUSTOMER, name)
    mariadb.run(SALE, name)
    yield name
    mariadb.run(f"DROP DATABASE {name}")


@pytest.fixture(scope="session")
def mariadb_jars() -> Path:
    """The folder of Debezium's connector for MariaDB, fetched once by Maven."""
    missing = ""
    try:
        if not MARIADB_JARS.exists():
            jars.fetch(MARIADB_JARS)
    except StopEverything as error:
        missing = str(error)
    needs(not missing, missing)
    return MARIADB_JARS


CUSTOMER = """
CREATE TABLE customer (
    id varchar(40) PRIMARY KEY, title varchar(20), first_name varchar(100),
    last_name varchar(100), birth_date date, email varchar(200), phone varchar(40),
    street varchar(200), postal_code varchar(20), city varchar(100),
    loyalty_card varchar(40), store varchar(10), created_at datetime,
    updated_at datetime(6)
)"""
SALE = """
CREATE TABLE sale (
    id varchar(40) PRIMARY KEY, customer_id varchar(40), store varchar(10),
    status varchar(20), total decimal(12, 2), sold_at datetime, `lines` json
)"""
