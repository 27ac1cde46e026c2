"""The API against a real PostgreSQL: rows by factories, requests by Flask's client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask_openapi.openapi import OpenAPI

from service.access import SCOPES, create_key
from service.app import create_app
from service.database.connection.session import Connection
from service.local.servers import EmbeddedPostgres
from service.settings import Settings
from tests.api.channel import Channel


@pytest.fixture
def rows(connection: Connection) -> Connection:
    """Where the factories put rows; every statement is committed at once."""
    return connection


@pytest.fixture
def app(database_url: str) -> Iterator[OpenAPI]:
    """The application on a fresh database."""
    settings = Settings(database_url=database_url, api_threads=2, webhooks_inside=True)
    made = create_app(settings)
    made.testing = True
    yield made
    made.extensions["couture"].pool.close()


@pytest.fixture
def unreached() -> Iterator[OpenAPI]:
    """The application without a database behind it."""
    made = create_app(Settings(database_url="postgresql://127.0.0.1:1/nobody"))
    yield made
    made.extensions["couture"].pool.close()


@pytest.fixture
def channel(app: OpenAPI, database_url: str) -> Channel:
    """A channel whose key holds every scope."""
    key = create_key(database_url, channel="till", scopes=list(SCOPES))
    return Channel(app, key)


@pytest.fixture
def busy_channel(database_url: str) -> Iterator[Channel]:
    """A channel of an application that answers eight requests at once."""
    made = create_app(Settings(database_url=database_url, api_threads=8))
    yield Channel(made, create_key(database_url, channel="till", scopes=list(SCOPES)))
    made.extensions["couture"].pool.close()


@pytest.fixture
def postgres_url(postgres: EmbeddedPostgres) -> str:
    """A database without our tables."""
    return postgres.url("postgres")
