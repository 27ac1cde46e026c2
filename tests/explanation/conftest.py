"""Stages: one with a simulated retailer for all tests, and empty ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from flask_openapi.openapi import OpenAPI

from matching.model.model_version import Model
from matching.scoring.scorer import Scorer
from service.access import SCOPES, create_key
from service.app import create_app
from service.database.connection.session import Connection, connect
from service.local.servers import EmbeddedPostgres
from service.model_versions.scorer_pool import ScorerPool
from service.resolver.resolve import ActiveModel
from service.settings import Settings
from tests.api.channel import Channel
from tests.explanation.resolved_database import ResolvedDatabase, simulated


@pytest.fixture(scope="session")
def judge() -> ActiveModel:
    """The judge of the resolver, with the shipped model."""
    model = Model.load()
    return ActiveModel(model, Scorer(model))


@pytest.fixture(scope="session")
def judges() -> Iterator[ScorerPool]:
    """The judges of the API, kept over databases with the same model."""
    kept = ScorerPool(scorers=1)
    yield kept
    kept.close()


@pytest.fixture(scope="session")
def stage(
    postgres: EmbeddedPostgres, judge: ActiveModel, judges: ScorerPool
) -> Iterator[ResolvedDatabase]:
    """A simulated retailer; tests may add records of systems of their own."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE explained TEMPLATE template")
    with connect(postgres.url("explained"), autocommit=True) as connection:
        found = ResolvedDatabase(postgres.url("explained"), connection, judge, judges)
        found.deliver(*simulated())
        yield found


@pytest.fixture
def empty_stage(
    database_url: str, connection: Connection, judge: ActiveModel, judges: ScorerPool
) -> ResolvedDatabase:
    """A stage of its own, without records."""
    return ResolvedDatabase(database_url, connection, judge, judges)


@pytest.fixture
def app(stage: ResolvedDatabase) -> Iterator[OpenAPI]:
    """The API on the simulated retailer."""
    made = create_app(Settings(database_url=stage.url, api_threads=2))
    context = made.extensions["couture"]
    made.extensions["couture"] = replace(context, judges=stage.judges)
    yield made
    context.pool.close()


@pytest.fixture
def channel(stage: ResolvedDatabase, app: OpenAPI) -> Channel:
    """A channel whose key holds every scope."""
    return Channel(app, create_key(stage.url, channel="desk", scopes=list(SCOPES)))
