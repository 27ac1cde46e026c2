"""A delivery into a fresh database, decided by the plain judge."""

from __future__ import annotations

import pytest

from service.database.connection.session import Connection
from tests.resolver.deliveries import Delivery
from tests.resolver.fake_model import plain_judge


@pytest.fixture
def deliver(connection: Connection) -> Delivery:
    """Deliver events as one micro-batch by calling it."""
    return Delivery(connection, plain_judge())
