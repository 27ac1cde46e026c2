"""What Couture tells the world about a case (CloudEvents' `type` and `data`)."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from schemas.source_key import SourceKey
from schemas.text import FrozenModel, Time


class CaseEventType(StrEnum):
    """The events about cases on `couture.events`."""

    OVERDUE = "couture.case.overdue"


class CaseEvent(FrozenModel):
    """A promised reply that has not come; told once per case and promise."""

    customer_id: UUID
    case_id: str
    promised_reply_at: Time
    channel: str
    interaction: SourceKey
