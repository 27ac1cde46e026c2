"""The migrations make exactly the tables that the code names."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg

from service.database.connection.migrate import differences, migrate
from service.local.servers import EmbeddedPostgres


def test_the_sum_of_the_migrations_equals_the_tables(database_url: str) -> None:
    assert differences(database_url) == []


def test_a_difference_is_found(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE link DROP COLUMN evidence")

    assert differences(database_url) != []


def test_several_that_migrate_at_once_do_it_once(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE migrated_at_once")
    url = postgres.url("migrated_at_once")
    with ThreadPoolExecutor(3) as several:
        list(several.map(migrate, [url] * 3))

    assert differences(url) == []
