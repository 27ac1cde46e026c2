"""What the tests of the matcher share."""

from __future__ import annotations

import pytest

from matching.model.model_version import Model


@pytest.fixture(scope="session")
def model() -> Model:
    """The shipped model."""
    return Model.load()
