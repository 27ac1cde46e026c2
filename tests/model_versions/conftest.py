"""Records that the shipped model resolved, and a model that they taught."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matching.features.normalise import normalise
from matching.model.bands import Bands
from matching.model.model_version import Model
from matching.scoring.scorer import Scorer
from matching.training.train import train_features
from schemas.change_event import ChangeEvent, CustomerChange
from schemas.source_key import SourceKey
from service.database.clusters import model_versions
from service.database.connection.session import Connection
from service.demo.population.people import population, records
from service.resolver.resolve import ActiveModel
from tests.resolver.deliveries import (
    Delivery,
    customer,
    movement,
)

RECORDS = 160
WORKERS = 2


@pytest.fixture(scope="session")
def simulated() -> list[ChangeEvent]:
    everyone = records(population(RECORDS // 2, seed=5), 5)
    return [
        customer(str(SourceKey(one.system, one.id)), 1, **dict(one.record))
        for one, _ in zip(everyone, range(RECORDS), strict=False)
    ]


@pytest.fixture(scope="session")
def trained(simulated: list[ChangeEvent]) -> Model:
    """A model that these records taught, made to join and to split."""
    known = [e.after for e in simulated if isinstance(e, CustomerChange) and e.after]
    model = train_features([normalise(record) for record in known])
    return replace(model, bands=Bands(review=0.2, match=0.999999))


@pytest.fixture(scope="session")
def judges() -> list[ActiveModel]:
    """A judge with the shipped model for each worker."""
    model = Model.load()
    return [ActiveModel(model, Scorer(model)) for _ in range(WORKERS)]


@pytest.fixture
def loaded(
    connection: Connection, simulated: list[ChangeEvent], judges: list[ActiveModel]
) -> Delivery:
    """A database in which the shipped model resolved the records."""
    model_versions.activate(connection, judges[0].model)
    delivery = Delivery(connection, judges[0])
    delivery(*simulated)
    delivery(*(movement(f"club:{i}", str(e.key), 10) for i, e in enumerate(simulated)))
    return delivery
