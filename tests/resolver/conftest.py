"""A delivery into a fresh database, decided by the plain judge, and a broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.database.connection.session import Connection
from service.local.servers import EmbeddedBroker, start_broker
from tests.resolver.deliveries import Delivery
from tests.resolver.fake_model import plain_judge


@pytest.fixture
def deliver(connection: Connection) -> Delivery:
    """Deliver events as one micro-batch by calling it."""
    return Delivery(connection, plain_judge())


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """A broker that a test may kill."""
    with start_broker(directory=tmp_path) as server:
        yield server
