"""The whole journey, started once for the tests that leave it whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.installation import SERVE, Installation, start_embedded
from tests.needs import needs_debezium
from tests.shared import Shared

_shared = Shared[Installation]("journey")


@contextmanager
def _begun(directory: Path) -> Iterator[Installation]:
    with start_embedded(directory) as world:
        world.start_service()
        world.start_connectors()
        yield world


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Everything, on the embedded broker, with sources that are empty at first."""
    needs_debezium()
    return _shared.get(lambda: _begun(tmp_path_factory.mktemp("journey")))


@pytest.fixture(scope="module")
def api(journey: Installation) -> Iterator[httpx.Client]:
    """A channel that asks the served API with its key."""
    with journey.start_api() as client:
        yield client
    journey.parts.stop(SERVE)
