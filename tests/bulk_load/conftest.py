"""The shipped model, loaded once for the tests of a file."""

from __future__ import annotations

import pytest

from matching.model.model_version import Model
from matching.scoring.scorer import Scorer
from service.resolver.resolve import ActiveModel


@pytest.fixture(scope="module")
def judge() -> ActiveModel:
    """The shipped model."""
    model = Model.load()
    return ActiveModel(model, Scorer(model))
