"""Health, figures, and what happens when PostgreSQL goes away and comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from service.access import create_key
from service.app import create_app
from service.database.connection.migrate import migrate
from service.database.connection.session import Connection
from service.domain.scopes import SCOPES
from service.local.servers import EmbeddedPostgres, start_postgres
from service.settings import Settings
from tests.api.channel import Channel
from tests.api.factories import a_customer, a_system


def test_ready_means_reachable_and_migrated(channel: Channel, rows: Connection) -> None:
    assert channel.get("/health/ready").status_code == 200

    def ready_at(revision: str) -> int:
        rows.execute("UPDATE alembic_version SET version_num = %s", [revision])
        return channel.get("/health/ready").status_code

    assert ready_at("0001") == 503
    assert ready_at("older") == 503
    assert ready_at("9999") == 200, "a later version only adds"
    rows.execute("DROP TABLE alembic_version")
    assert channel.get("/health/ready").status_code == 503
    assert channel.get("/health/live").status_code == 200


def test_the_figures_tell_of_routes_and_freshness_and_of_nobody(
    channel: Channel, rows: Connection
) -> None:
    a_system(rows, "pos", lag_ms=1_500)
    channel.get("/v1/customers?email=marie@maison.test")
    channel.get("/v1/marie@maison.test")

    figures = channel.get("/metrics").text

    assert 'route="/v1/customers",status="200"} 1.0' in figures
    assert 'route="(none)",status="404"} 1.0' in figures
    assert 'couture_freshness_lag_seconds{system="pos"} 1.5' in figures
    assert "marie" not in figures


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server that this test may stop."""
    with start_postgres(tmp_path, durable=False) as server:
        migrate(server.url("couture"))
        yield server


def test_a_database_that_goes_away_is_a_503_and_comes_back_by_itself(
    own_postgres: EmbeddedPostgres,
) -> None:
    url = own_postgres.url("couture")
    with psycopg.connect(url, autocommit=True) as rows:
        address = f"/v1/customers/{a_customer(rows, 'pos:C-1')}"
    app = create_app(Settings(database_url=url, api_threads=4))
    channel = Channel(app, create_key(url, channel="till", scopes=list(SCOPES)))
    assert channel.get(address).status_code == 200

    own_postgres.stop()
    away = channel.get(address)
    live, ready = channel.get("/health/live"), channel.get("/health/ready")
    own_postgres.start()

    assert (away.status_code, ready.status_code, live.status_code) == (503, 503, 200)
    assert away.headers["Retry-After"] == "2"
    assert "127.0.0.1" not in away.text
    assert _answers_again(channel, address)
    app.extensions["couture"].pool.close()


def test_a_restart_between_two_requests_is_not_noticed(
    own_postgres: EmbeddedPostgres,
) -> None:
    url = own_postgres.url("couture")
    app = create_app(Settings(database_url=url, api_threads=4))
    channel = Channel(app, create_key(url, channel="till", scopes=list(SCOPES)))
    assert channel.get("/v1/customers?card=1").status_code == 200

    own_postgres.restart()

    statuses = [channel.get("/v1/customers?card=1").status_code for _ in range(8)]
    assert statuses == [200] * 8
    app.extensions["couture"].pool.close()


def _answers_again(channel: Channel, address: str) -> bool:
    for _ in range(100):
        if channel.get(address).status_code == 200:
            return True
        time.sleep(0.1)
    return False
