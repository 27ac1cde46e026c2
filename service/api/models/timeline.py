"""The words of timeline, cases and insights: what may be asked and what is answered."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from pydantic import Field

from schemas.change_event import RecordKind
from schemas.facts import Consent, Interaction, MovementKind, Order
from schemas.source_key import SourceKey
from schemas.text import FrozenModel, Time
from service.api.models.parameters import PageQuery, Parameters
from service.api.models.responses import Fresh
from service.domain.cases import Case


class TimelineQuery(PageQuery):
    """Which part of a timeline."""

    kind: RecordKind | None = Field(default=None, description="only this kind")
    since: Time | None = Field(default=None, description="at or after")
    until: Time | None = Field(default=None, description="before")


class TimelineMovement(FrozenModel):
    """A ledger line as the timeline shows it."""

    programme: str
    unit: str
    amount: Decimal
    kind: MovementKind
    order: str | None = None
    expires_on: date | None = None
    confirms: SourceKey | None = None


class TimelineEntry(FrozenModel):
    """One thing that happened; what it was stands under the name of its kind."""

    kind: RecordKind
    key: SourceKey
    at: Time
    of: SourceKey = Field(description="the source record that it came with")
    interaction: Interaction | None = None
    order: Order | None = None
    movement: TimelineMovement | None = None
    consent: Consent | None = None


class TimelineAnswer(Fresh):
    """All that happened to a customer, newest first."""

    customer_id: UUID
    timeline: list[TimelineEntry]
    next: str | None = Field(description="the cursor of the next page, if there is one")


class CasesQuery(PageQuery):
    """Which of a customer's cases."""

    open: bool | None = Field(default=None, description="whether not yet closed")


class CasesAnswer(Fresh):
    """A customer's cases, the last spoken of first."""

    customer_id: UUID
    cases: list[Case]
    next: str | None = Field(description="the cursor of the next page, if there is one")


class InsightsQuery(Parameters):
    """Over which time, and how soon a contact counts as a repeat."""

    since: Time | None = Field(default=None, description="30 days before `until`")
    until: Time | None = Field(default=None, description="now, if missing")
    repeat_days: int = Field(default=7, ge=1, le=30)


class ChannelInsights(FrozenModel):
    """The contacts of one channel."""

    channel: str
    contacts: int
    customers: int
    repeat_contacts: int


class Insights(FrozenModel):
    """Contacts of known customers, and the cases that they opened, in a window."""

    since: Time
    until: Time
    repeat_days: int
    contacts: int
    customers: int
    contacts_per_customer: float | None
    repeat_contacts: int = Field(description="soon after another of the same customer")
    repeat_rate: float | None
    channels: list[ChannelInsights]
    cases: int = Field(description="whose first contact lies in the window")
    closed_cases: int
    resolved_at_first_contact: int = Field(description="closed, with one contact")
    first_contact_resolution: float | None = Field(description="of the closed cases")
    cases_across_channels: int
    promises_missed: int = Field(description="replies promised for the window, late")


class InsightsAnswer(Insights, Fresh):
    """The figures over all customers."""


class CustomerInsightsAnswer(Insights, Fresh):
    """The figures of one customer."""

    customer_id: UUID
