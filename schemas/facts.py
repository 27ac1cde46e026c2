"""What happened to a customer, kept under the source key it came with."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.source_key import SourceKey
from schemas.text import FrozenModel, Identifier, Text, Time

Amount = Annotated[Decimal, Field(max_digits=18, decimal_places=4, allow_inf_nan=False)]


class OrderStatus(StrEnum):
    """Where an order stands, in one vocabulary for all channels."""

    PLACED = "placed"
    PAID = "paid"
    PREPARING = "preparing"
    READY_FOR_PICKUP = "ready_for_pickup"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COLLECTED = "collected"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    REFUNDED = "refunded"

    @property
    def is_open(self) -> bool:
        """Whether the customer still waits for something."""
        return self in _OPEN

    @property
    def is_before_fulfilment(self) -> bool:
        """Whether a payment is a step from here; later it leaves the order as it is."""
        return self in (OrderStatus.PLACED, OrderStatus.PAID)


_OPEN = frozenset(
    {
        OrderStatus.PLACED,
        OrderStatus.PAID,
        OrderStatus.PREPARING,
        OrderStatus.READY_FOR_PICKUP,
        OrderStatus.SHIPPED,
    }
)


class FulfilmentKind(StrEnum):
    """How an order reaches the customer."""

    IN_STORE = "in_store"
    PICKUP = "pickup"
    DELIVERY = "delivery"


class Fulfilment(FrozenModel):
    """How, where and until when an order is to reach the customer."""

    kind: FulfilmentKind
    store: Text | None = None
    promised_on: date | None = None


class StatusChange(FrozenModel):
    """One step of an order."""

    status: OrderStatus
    at: Time


class OrderLine(FrozenModel):
    """One article of an order."""

    sku: Text
    label: Text | None = None
    quantity: Amount
    amount: Amount | None = None


class Order(FrozenModel):
    """A purchase in any channel."""

    customer: SourceKey | None = None
    channel: Identifier
    status: OrderStatus
    status_history: Annotated[list[StatusChange], Field(max_length=100)] = []
    fulfilment: Fulfilment | None = None
    lines: Annotated[list[OrderLine], Field(max_length=1_000)] = []
    total: Amount | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    placed_at: Time


class MovementKind(StrEnum):
    """Why points or money moved."""

    EARN = "earn"
    BURN = "burn"
    EXPIRE = "expire"
    ADJUST = "adjust"
    REVERSE = "reverse"


class LoyaltyMovement(FrozenModel):
    """One signed line of a programme's ledger; it never changes."""

    account: SourceKey
    programme: Identifier
    unit: Identifier = Field(description="points, or a currency such as EUR")
    amount: Amount
    kind: MovementKind
    at: Time
    order: Text | None = None
    expires_on: date | None = None
    confirms: SourceKey | None = Field(
        default=None,
        description="the line that a channel wrote through the API, and that this one"
        " repeats in its own ledger: of the two only one counts",
    )


class InteractionStatus(StrEnum):
    """Where a contact stands."""

    OPEN = "open"
    PENDING = "pending"
    CLOSED = "closed"


class Interaction(FrozenModel):
    """One contact of a customer with a channel."""

    customer: SourceKey
    case_id: Identifier | None = None
    channel: Identifier
    kind: Identifier = Field(description="call, chat, visit, mail, quote, return …")
    subject: Text | None = None
    status: InteractionStatus | None = Field(
        default=None,
        description="where its case stands from now on; null leaves it where it stood",
    )
    promised_reply_at: Time | None = None
    agent: Text | None = None
    cost: Amount | None = None
    order: Text | None = None
    at: Time


class ConsentStatus(StrEnum):
    """What a person said."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class Consent(FrozenModel):
    """What a person allowed or withdrew, for one purpose and channel."""

    customer: SourceKey
    purpose: Identifier
    channel: Identifier
    status: ConsentStatus
    at: Time
    evidence: Text | None = None
