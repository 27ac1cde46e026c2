"""An upgrade while everything goes on: no lock is held long, nobody stops meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from alembic import command

from service.database.connection import migrate as migrating
from service.database.connection.migrate import TableInUse, migrate
from service.database.connection.schema_version import is_migrated
from service.database.connection.session import connect
from service.local.servers import EmbeddedPostgres

FORMER = "0008"
"""The first of which others hold data; what came before made empty tables."""


@pytest.fixture
def former(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database as the version before left it."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE former")
        url = postgres.url("former")
        config = migrating._config()
        with migrating._connection(url) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, FORMER)
            connection.commit()
        yield url
        admin.execute("DROP DATABASE former WITH (FORCE)")


def test_a_migration_lets_traffic_pass_while_it_waits_for_a_table(
    former: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "_TURN_MS", 200)
    done = threading.Event()

    def upgrade() -> None:
        migrate(former)
        done.set()

    with connect(former) as holder:
        holder.execute("SELECT count(*) FROM dead_letter")  # and its lock, until commit
        upgrading = threading.Thread(target=upgrade)
        upgrading.start()
        with connect(former, autocommit=True) as traffic:
            for _ in range(20):
                traffic.execute(
                    'INSERT INTO dead_letter (topic, topic_id, partition, "offset",'
                    "   reason, detail, message_headers)"
                    " SELECT 't', '', 0, count(*), '', '', '{}' FROM dead_letter"
                )
                time.sleep(0.05)
        assert not done.is_set()
    upgrading.join(60)

    assert done.is_set()
    with connect(former) as connection:
        assert is_migrated(connection)
        states = connection.execute(
            "SELECT state, count(*) FROM dead_letter GROUP BY 1"
        )
        assert states.fetchall() == [("open", 20)]


def test_a_table_that_stays_in_use_is_told_with_a_remedy(
    former: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "_TURN_MS", 50)
    monkeypatch.setattr(migrating, "_TURNS", 2)
    with connect(former) as holder:
        holder.execute("SELECT count(*) FROM dead_letter")
        with pytest.raises(TableInUse, match="in use") as told:
            migrate(former)
    assert "pg_stat_activity" in told.value.sentence()


def test_a_process_stays_ready_when_a_later_version_migrated_the_database(
    database_url: str,
) -> None:
    with connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        assert is_migrated(connection)
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
        assert not is_migrated(connection)
