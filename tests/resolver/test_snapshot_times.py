"""A row of a snapshot has no time of its own: reading it again changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.change_event import ChangeEvent, Op
from schemas.facts import OrderStatus
from service.database.facts import orders
from tests.resolver.deliveries import (
    ANNE,
    SOURCE,
    Delivery,
    customer,
    order,
    profiles,
)

OLD = {"addresses": [{"street": "3 rue Haute", "postal_code": "69003", "city": "Lyon"}]}
NEW = {"addresses": [{"street": "8 rue Basse", "postal_code": "33000", "city": "Pau"}]}
OTHER = {"addresses": [{"street": "1 quai Sud", "postal_code": "13002", "city": "Aix"}]}


def at(ms: int | None, event: ChangeEvent) -> ChangeEvent:
    """Return the event as of a time of its source; None as a snapshot reads it."""
    in_snapshot = ms is None
    source = SOURCE.model_copy(update={"ts_ms": ms, "snapshot": in_snapshot})
    op = Op.READ if in_snapshot else event.op
    return event.model_copy(update={"source": source, "op": op})


def town(deliver: Delivery) -> Any:
    (profile,) = profiles(deliver.connection)
    return profile["address"]["city"]


@pytest.fixture
def two_channels(deliver: Delivery) -> Delivery:
    """The till knew the address of January; the shop that of February, by its log."""
    deliver(at(1_000, customer("pos:1", 1, **ANNE, **OLD)))
    deliver(at(2_000, customer("web:1", 1, **ANNE, **NEW)))
    assert town(deliver) == "Pau"
    return deliver


def test_what_is_read_again_unchanged_changes_nothing(two_channels: Delivery) -> None:
    again = at(None, customer("pos:1", 9, **ANNE, **OLD))

    assert two_channels(again) == 0
    assert town(two_channels) == "Pau"


def test_what_is_read_anew_is_no_newer_than_what_is_known(
    two_channels: Delivery,
) -> None:
    two_channels(at(None, customer("pos:1", 9, **ANNE, **OTHER)))
    assert town(two_channels) == "Pau"

    two_channels(at(3_000, customer("pos:1", 10, **ANNE, **OTHER)))
    assert town(two_channels) == "Aix"


@pytest.mark.parametrize("batches", ["one", "two"])
def test_how_changes_fall_into_batches_plays_no_part(
    two_channels: Delivery, batches: str
) -> None:
    changed = at(3_000, customer("pos:1", 8, **ANNE, **OTHER))
    read = at(None, customer("pos:1", 9, **ANNE, **OTHER))
    if batches == "one":
        two_channels(changed, read)
    else:
        two_channels(changed)
        two_channels(read)

    assert town(two_channels) == "Aix"


def test_what_came_back_after_a_deletion_has_no_time_of_before(
    two_channels: Delivery,
) -> None:
    two_channels(at(5_000, customer("pos:1", 8, **ANNE, **OLD)))
    assert town(two_channels) == "Lyon"
    two_channels(customer("pos:1", 9))
    two_channels(at(None, customer("pos:1", 10, **ANNE, **OLD)))

    assert town(two_channels) == "Pau"


def test_a_step_seen_only_in_a_snapshot_has_no_time(deliver: Delivery) -> None:
    deliver(customer("pos:1", 1, **ANNE))
    deliver(at(None, order("web:o1", 1, "pos:1", OrderStatus.DELIVERED)))
    deliver(at(7_000, order("web:o1", 2, "pos:1", OrderStatus.RETURNED)))

    rows = deliver.connection.execute(f"SELECT {orders.STEPS} FROM customer_order o")
    (steps,) = rows.fetchone() or ()
    assert [(step["status"], step["at"] is None) for step in steps] == [
        ("delivered", True),
        ("returned", False),
    ]
