"""What every client of the broker shares: how long it asks, and its errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kafka.errors import KafkaError

from service.errors import BrokerUnavailable

BOOTSTRAP_MS = 10_000
"""How long a client may look for the broker."""


@contextmanager
def broker_errors(bootstrap: str) -> Iterator[None]:
    """Turn Kafka's errors inside the block into BrokerUnavailable."""
    try:
        yield
    except KafkaError as error:
        detail = f"The Kafka broker at {bootstrap} does not answer."
        raise BrokerUnavailable(detail) from error
