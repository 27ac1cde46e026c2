"""How an order is shown: whole, with its steps and whether its promise was kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from schemas.facts import Order, OrderStatus
from service.api.http.context import context
from service.domain.order_status import Told, promise, steps

_TIME: TypeAdapter[datetime | None] = TypeAdapter(datetime | None)


def order_view(key: str, record: dict[str, Any], told: Sequence[Any]) -> dict[str, Any]:
    """Return the order of a stored record as the API shows it."""
    order = Order.model_validate(record)
    taken = steps([_told(one) for one in told], order.status_history)
    kept = promise(order, taken, now=context().clock(), zone=context().zone)
    return {
        "key": key,
        **record,
        "steps": [step._asdict() for step in taken],
        "irregular": not all(step.legal for step in taken),
        "late": kept.late,
        "days_late": kept.days_late,
    }


def _told(row: dict[str, Any]) -> Told:
    at = _TIME.validate_python(row["at"])
    return Told(tuple(row["position"]), OrderStatus(row["status"]), at)
