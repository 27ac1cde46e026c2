"""What one system says about one person."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from schemas.text import FrozenModel, Identifier, Text, Time

MOST_CONTACTS = 50
"""E-mails, phones or cards of one record."""
MOST_ADDRESSES = 20
MOST_PREFERENCES = 100

Contacts = Annotated[list[Text], Field(max_length=MOST_CONTACTS)]


class Address(FrozenModel):
    """A postal address as the system holds it; every part may be missing."""

    street_number: Text | None = None
    street: Text | None = None
    postal_code: Text | None = None
    city: Text | None = None
    region: Text | None = None
    country: Text | None = None


class CustomerRecord(FrozenModel):
    """One person as one system holds them, mapped to our words and otherwise as is."""

    given_name: Text | None = None
    family_name: Text | None = None
    birth_name: Text | None = None
    full_name: Text | None = Field(
        default=None, description="for systems that hold the whole name in one field"
    )
    title: Text | None = None
    gender: Text | None = None
    birth_date: date | None = None
    emails: Contacts = []
    phones: Contacts = []
    addresses: Annotated[list[Address], Field(max_length=MOST_ADDRESSES)] = []
    cards: Contacts = Field(default=[], description="loyalty card numbers")
    national_id: Text | None = None
    language: Text | None = None
    preferences: Annotated[
        dict[Identifier, Text], Field(max_length=MOST_PREFERENCES)
    ] = {}
    owner: Identifier | None = Field(
        default=None, description="the brand or franchisee the record belongs to"
    )
    contact_identifies: bool = Field(
        default=False,
        description="the system knows people by an e-mail or phone alone: where a "
        "record holds nothing else, it belongs to the one customer who holds that "
        "contact",
    )
    created_at: Time | None = None
    updated_at: Time | None = None
