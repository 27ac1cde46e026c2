"""Stages: one with a simulated retailer for all tests, and empty ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from matching.model import Model
from matching.score import Scorer
from service.access import SCOPES, create_key
from service.app import create_app
from service.database.session import Connection, connect
from service.embedded import EmbeddedPostgres
from service.judges import Judges
from service.resolver.resolve import Judge
from service.settings import Settings
from tests.api.channel import Channel
from tests.explained.stage import Stage, simulated


@pytest.fixture(scope="session")
def judge() -> Judge:
    """The judge of the resolver, with the shipped model."""
    model = Model.load()
    return Judge(model, Scorer(model))


@pytest.fixture(scope="session")
def judges() -> Judges:
    """The judges of the API, kept over databases with the same model."""
    return Judges(scorers=1)


@pytest.fixture(scope="session")
def stage(postgres: EmbeddedPostgres, judge: Judge, judges: Judges) -> Iterator[Stage]:
    """A simulated retailer; tests may add records of systems of their own."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE explained TEMPLATE template")
    with connect(postgres.url("explained"), autocommit=True) as connection:
        found = Stage(postgres.url("explained"), connection, judge, judges)
        found.deliver(*simulated())
        yield found


@pytest.fixture
def empty_stage(
    database_url: str, connection: Connection, judge: Judge, judges: Judges
) -> Stage:
    """A stage of its own, without records."""
    return Stage(database_url, connection, judge, judges)


@pytest.fixture
def channel(stage: Stage) -> Iterator[Channel]:
    """A channel that asks the API on the simulated retailer."""
    app = create_app(Settings(database_url=stage.url, api_threads=2))
    context = app.extensions["couture"]
    app.extensions["couture"] = replace(context, judges=stage.judges)
    app.testing = True
    yield Channel(app, create_key(stage.url, channel="desk", scopes=list(SCOPES)))
    context.pool.close()
