"""A till's database of its own, captured by the connector under test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from service.embedded import EmbeddedPostgres
from tests.connectors.shop import Shop

SCHEMA = Path(__file__).parents[2] / "service" / "demo" / "schema" / "pos.sql"
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
def shop() -> Iterator[Shop]:
    """An HTTP service with no rows yet."""
    served = Shop()
    yield served
    served.close()
