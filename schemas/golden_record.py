"""The single best view of a customer, derived from its source records and facts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from schemas.facts import (
    ConsentStatus,
    FulfilmentKind,
    InteractionStatus,
    OrderStatus,
)
from schemas.source_key import SourceKey
from schemas.source_record import Address
from schemas.text import FrozenModel, Time


class AttributeOrigin(FrozenModel):
    """The source record and time from which a golden value came, and by which rule."""

    source_key: SourceKey
    updated_at: Time | None = None
    rule: str


class Contact(FrozenModel):
    """One e-mail address, phone number or card, with the source keys that hold it."""

    value: str
    source_keys: list[SourceKey]


class GoldenRecord(FrozenModel):
    """What survivorship chose, attribute by attribute, from a cluster's records."""

    title: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    birth_name: str | None = None
    full_name: str | None = Field(
        default=None,
        description="as a system writes it, where none holds the name in parts",
    )
    gender: str | None = None
    birth_date: date | None = None
    language: str | None = None
    address: Address | None = None
    emails: list[Contact] = Field(default=[], description="the surviving one first")
    phones: list[Contact] = Field(default=[], description="the surviving one first")
    cards: list[Contact] = []
    preferences: dict[str, str] = {}
    owners: list[str] = []
    origins: dict[str, AttributeOrigin] = Field(
        default={}, description="by attribute name; preferences as `preferences.KEY`"
    )


class Balance(FrozenModel):
    """The sum of the movements of one customer in one programme and unit."""

    programme: str
    unit: str
    amount: Decimal


class OrderView(FrozenModel):
    """An order as a profile shows it."""

    key: SourceKey
    channel: str
    status: OrderStatus
    placed_at: Time
    fulfilment: FulfilmentKind | None = None
    store: str | None = None
    promised_on: date | None = None
    total: Decimal | None = None
    currency: str


class CaseView(FrozenModel):
    """A matter followed across interactions until it is closed."""

    case_id: str
    channel: str
    subject: str | None = None
    status: InteractionStatus
    promised_reply_at: Time | None = None
    last_contact_at: Time
    contacts: int


class LastContact(FrozenModel):
    """The latest interaction of a customer in one channel."""

    channel: str
    kind: str
    at: Time
    subject: str | None = None


class ConsentView(FrozenModel):
    """What stands for one purpose and channel: a withdrawal wins, else the newest."""

    purpose: str
    channel: str
    status: ConsentStatus
    at: Time
    source_key: SourceKey


class Profile(GoldenRecord):
    """The document that every channel reads: golden record and facts, one row."""

    customer_id: UUID
    version: Annotated[int, Field(ge=1)]
    source_keys: list[SourceKey]
    loyalty: list[Balance] = []
    open_orders: list[OrderView] = []
    recent_orders: list[OrderView] = Field(
        default=[], description="the ten latest that are no longer open"
    )
    open_cases: list[CaseView] = []
    last_contacts: list[LastContact] = []
    consents: list[ConsentView] = []
