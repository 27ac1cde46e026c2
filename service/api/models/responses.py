"""What the API answers: the words of `schemas`, each with the freshness of its day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask_openapi.types import ResponseDict
from pydantic import BaseModel, ConfigDict, Field

from schemas.facts import MovementKind, Order, OrderStatus
from schemas.golden_record import Balance, Profile
from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from schemas.text import FrozenModel, Time
from service.api.http.problems import BY_STATUS, MEDIA_TYPE


class SystemFreshness(FrozenModel):
    """The last change of one system that took effect."""

    position: list[int] | None = Field(description="its place in the source")
    applied_at: Time
    lag_ms: int | None = Field(
        description="from the change in the source to its effect here"
    )


class Fresh(FrozenModel):
    """Every answer says, per system, up to where it includes that system's changes."""

    freshness: dict[str, SystemFreshness]


class ProfileAnswer(Profile, Fresh):
    """The profile of one customer."""


class CustomersAnswer(Fresh):
    """The customers found; empty if nobody, several if they share the value."""

    customers: list[Profile]
    next: str | None = Field(description="the cursor of the next page, if there is one")


class MovedAnswer(Fresh):
    """Who answers for a retired id; `Location` has the address."""

    retired_id: UUID
    customer_id: UUID


class SpendableBalance(Balance):
    """One balance, and how much of it can be spent today."""

    spendable: Decimal = Field(
        description="the amount without what is left of points past their day"
    )


class LoyaltyAnswer(Fresh):
    """A customer's balances, as in the profile of the same version."""

    customer_id: UUID
    version: int
    loyalty: list[SpendableBalance]


class _Page(Fresh):
    customer_id: UUID
    next: str | None = Field(description="the cursor of the next page, if there is one")


class Movement(FrozenModel):
    """One line of a loyalty ledger."""

    key: SourceKey
    account: SourceKey
    programme: str
    unit: str
    amount: Decimal
    kind: MovementKind
    at: Time
    order: str | None
    expires_on: date | None
    confirms: SourceKey | None = Field(
        default=None, description="the line that this one repeats, which counts instead"
    )


class MovementsAnswer(_Page):
    """A customer's loyalty movements, newest first."""

    movements: list[Movement]


class ExpiringLot(FrozenModel):
    """What is left of the points of one unit that expire on one day."""

    programme: str
    unit: str
    expires_on: date | None = Field(description="missing: they do not expire")
    amount: Decimal


class ExpiringAnswer(Fresh):
    """What is left of a customer's points, soonest expiry first."""

    customer_id: UUID
    lots: list[ExpiringLot]


class OrderStepView(FrozenModel):
    """One step of an order; an illegal one is kept and flagged."""

    status: OrderStatus
    at: Time | None = Field(description="missing if no source told when")
    legal: bool


class KeyedOrder(Order):
    """An order with its key, its steps, and whether its promised day passed."""

    key: SourceKey
    steps: list[OrderStepView] = Field(default=[], description="by source position")
    irregular: bool = Field(default=False, description="a step was not legal")
    late: bool | None = Field(
        default=None, description="missing: nothing promised, cancelled, or not known"
    )
    days_late: int | None = None


class OrdersAnswer(_Page):
    """A customer's orders, newest first."""

    orders: list[KeyedOrder]


class OrderAnswer(KeyedOrder, Fresh):
    """One order, and the customer it belongs to if that is known."""

    customer_id: UUID | None


class CrosswalkEntry(FrozenModel):
    """One source record of a customer, as its system holds it."""

    source_key: SourceKey
    position: list[int] | None
    source_at: Time | None
    applied_at: Time
    record: CustomerRecord | None = Field(
        description="missing while only facts of it are known"
    )


class SourcesAnswer(_Page):
    """The source records behind a customer."""

    sources: list[CrosswalkEntry]


class HealthAnswer(BaseModel):
    """Whether the service lives, or is ready to answer."""

    model_config = ConfigDict(frozen=True)

    status: str = Field(examples=["ok"])


_ALWAYS = (401, 403, 406, 413, 422, 503)


def responses_for(
    answer: type[BaseModel], *others: int, moved: bool = False
) -> ResponseDict:
    """Return the documented answers of a route that needs a key."""
    said: ResponseDict = {"200": answer}
    if moved:
        said["307"] = MovedAnswer
    for status in sorted({*_ALWAYS, *others}):
        said[str(status)] = problem_document(status)
    return said


def problem_document(status: int) -> dict[str, Any]:
    """Return how OpenAPI tells of a problem of this status, or of a 304."""
    if status == HTTPStatus.NOT_MODIFIED:
        return {"description": "The caller's version still stands."}
    problem = BY_STATUS[status]
    schema = {"$ref": "#/components/schemas/ProblemAnswer"}
    return {
        "description": f"{problem.title}. {problem.remedy}",
        "content": {MEDIA_TYPE: {"schema": schema}},
    }
