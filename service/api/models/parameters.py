"""What a caller may put into a path or a query; anything else is a 422."""

from __future__ import annotations

from typing import Annotated, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from schemas.facts import OrderStatus
from schemas.source_key import SourceKey
from schemas.text import Identifier, Time, storable
from service.domain.contact_keys import LONGEST_KEY, ContactKind, contact_key

_Typed = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_KEY),
    AfterValidator(storable),
]


def _with_plus(value: object) -> object:
    # An unescaped `+` arrives as a space; no phone number starts with one.
    if isinstance(value, str) and value.startswith(" "):
        return "+" + value.strip()
    return value


def _findable(kind: ContactKind) -> AfterValidator:
    def check(value: str) -> str:
        if not contact_key(kind, value):
            raise PydanticCustomError(
                "finds_nobody", "is malformed or a placeholder: it identifies nobody"
            )
        return value

    return AfterValidator(check)


class Parameters(BaseModel):
    """Named parameters, and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CustomerPath(Parameters):
    """Which customer."""

    customer_id: UUID = Field(description="a customer id, live or retired")


class OrderPath(Parameters):
    """Which order."""

    order_key: SourceKey = Field(description="the system and its own order number")


class PageQuery(Parameters):
    """Which part of a list."""

    limit: int = Field(default=50, ge=1, le=200, description="rows of one page")
    cursor: str | None = Field(
        default=None, max_length=1_000, description="`next` of the page before"
    )


class OrdersQuery(PageQuery):
    """Which of a customer's orders."""

    status: OrderStatus | None = None
    open: bool | None = Field(
        default=None, description="whether the customer still waits for something"
    )
    channel: Identifier | None = Field(default=None, examples=["ecommerce"])
    since: Time | None = Field(default=None, description="placed at or after")
    until: Time | None = Field(default=None, description="placed before")


class LookupQuery(PageQuery):
    """By what to find customers: exactly one of the four."""

    source_key: SourceKey | None = Field(
        default=None, description="a system and its own customer id"
    )
    email: Annotated[_Typed, _findable("email")] | None = Field(
        default=None, description="in any case", examples=["marie@maison.test"]
    )
    phone: Annotated[_Typed, BeforeValidator(_with_plus), _findable("phone")] | None = (
        Field(
            default=None,
            description="French as dialled, or international",
            examples=["+33647129830"],
        )
    )
    card: Annotated[_Typed, _findable("card")] | None = Field(
        default=None, description="a loyalty card number, spaces do not matter"
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [self.source_key, self.email, self.phone, self.card]
        if sum(value is not None for value in given) != 1:
            raise PydanticCustomError(
                "exactly_one", "needs exactly one of source_key, email, phone, card"
            )
        return self

    def contact(self) -> tuple[ContactKind, str]:
        """Return the kind and the key of the e-mail, phone or card asked for."""
        if self.email is not None:
            return "email", contact_key("email", self.email)
        if self.phone is not None:
            return "phone", contact_key("phone", self.phone)
        return "card", contact_key("card", self.card or "")
