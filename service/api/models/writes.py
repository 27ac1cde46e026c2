"""What a channel may write, and what it is answered."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from flask_openapi.types import ResponseDict
from pydantic import BaseModel, Field, RootModel

from schemas.change_event import Position, RecordKind
from schemas.facts import (
    Amount,
    Consent,
    Interaction,
    LoyaltyMovement,
    Order,
)
from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from schemas.text import FrozenModel, Identifier, Text, Time
from service.api.models.responses import Movement, responses_for


class NewMovement(FrozenModel):
    """A movement to be made now, by a channel, on a customer's balance."""

    id: Identifier | None = Field(
        default=None,
        description="the line's id in the channel's own ledger, if it keeps one: when"
        " that ledger is captured too, the line counts once",
    )
    account: SourceKey = Field(examples=["loyalty:M-1"])
    programme: Identifier = Field(examples=["fidelity"])
    unit: Identifier = Field(examples=["points"])
    amount: Amount = Field(description="signed: a burn is negative", examples=["-120"])
    kind: Literal["earn", "burn", "adjust", "reverse"]
    at: Time | None = Field(default=None, description="the database's clock if missing")
    order: Text | None = None
    expires_on: date | None = None


class MovementMade(Movement):
    """The line that was written, and the balance it left."""

    customer_id: UUID
    balance: Decimal = Field(description="what can be spent then, over all accounts")
    after: str = Field(description="the token for `Couture-After`")


class _Pushed(FrozenModel):
    id: Identifier = Field(description="the system's own id")
    position: Position | None = Field(
        default=None,
        description="its place in the system; Couture's clock if missing",
    )
    changed_at: Time | None = None


class PushedCustomer(_Pushed):
    """One person as the system holds them now; without `after`, gone."""

    kind: Literal["customer"]
    after: CustomerRecord | None


class PushedOrder(_Pushed):
    """An order as it stands now; without `after`, gone."""

    kind: Literal["order"]
    after: Order | None


class PushedInteraction(_Pushed):
    """A contact as it stands now; without `after`, gone."""

    kind: Literal["interaction"]
    after: Interaction | None


class PushedConsent(_Pushed):
    """A consent as it stands now; without `after`, gone."""

    kind: Literal["consent"]
    after: Consent | None


class PushedMovement(_Pushed):
    """A line of the system's own ledger, which has happened and is never refused."""

    kind: Literal["movement"]
    after: LoyaltyMovement


Pushed = (
    PushedCustomer | PushedOrder | PushedInteraction | PushedConsent | PushedMovement
)


class PushedRecord(RootModel[Annotated[Pushed, Field(discriminator="kind")]]):
    """A record or fact of the channel's own system."""


class AcceptedAnswer(BaseModel):
    """What was taken in, and the token that says when it shows."""

    kind: RecordKind
    source_key: SourceKey
    position: list[int]
    after: str = Field(description="the token for `Couture-After`")


def written(answer: type[BaseModel], status: int, *others: int) -> ResponseDict:
    """Return the documented answers of a route that writes."""
    said = responses_for(answer, 400, 415, *others)
    said[str(status)] = said.pop("200")
    return said
