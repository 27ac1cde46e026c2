"""What Couture tells the world about a customer (CloudEvents' `type` and `data`)."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from schemas.source_key import SourceKey
from schemas.text import FrozenModel


class CustomerEventType(StrEnum):
    """The events on `couture.events`."""

    CREATED = "couture.customer.created"
    CHANGED = "couture.customer.changed"
    MERGED = "couture.customer.merged"
    UNMERGED = "couture.customer.unmerged"
    DELETED = "couture.customer.deleted"
    ERASED = "couture.customer.erased"


class CustomerEvent(FrozenModel):
    """One event; personal data stays out, a reader asks the API or the golden topic."""

    customer_id: UUID
    version: int
    changed: list[str] = Field(default=[], description="names of changed attributes")
    source_keys: list[SourceKey] = Field(
        default=[], description="the source keys that moved to (or left) the customer"
    )
    other_customer_ids: list[UUID] = Field(
        default=[], description="the customers they came from or went to"
    )
