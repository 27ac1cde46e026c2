"""Customer ids, what each answers with, and handoffs to another channel."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from service.database.tables.columns import json_column, text_column, time_column


class Customer(SQLModel, table=True):
    """A customer id: live, or retired into a survivor, with the profile to answer.

    `anchor` is the record that carries the id through merges and splits: a cluster
    bears the oldest id anchored in it.
    """

    __tablename__ = "customer"
    __table_args__ = (Index("customer_anchor", "anchor"),)

    customer_id: UUID = Field(primary_key=True)
    anchor: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    retired_into: UUID | None = Field(default=None, nullable=True)
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    profile: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    created_at: datetime = time_column(default_now=True)
    changed_at: datetime = time_column(default_now=True)


class ProfileHistory(SQLModel, table=True):
    """What a profile was, from when to when, and why it changed."""

    __tablename__ = "profile_history"

    customer_id: UUID = Field(primary_key=True)
    version: int = Field(sa_column=Column(BigInteger, primary_key=True))
    profile: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    why: str = text_column()
    valid_from: datetime = time_column(default_now=True)
    valid_to: datetime | None = time_column(nullable=True)


class ContactKey(SQLModel, table=True):
    """By which e-mail, phone or card a customer is found."""

    __tablename__ = "contact_key"
    __table_args__ = (Index("contact_key_customer", "customer_id"),)

    kind: str = text_column(primary_key=True)
    value: str = text_column(primary_key=True)
    customer_id: UUID = Field(primary_key=True)


class Handoff(SQLModel, table=True):
    """A customer and a conversation on their way to another channel.

    Of the code only a hash is kept; the row goes soon after it expires.
    """

    __tablename__ = "handoff"

    code_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    customer_id: UUID = Field(nullable=False)
    made_by: str = text_column()
    audience: str = text_column()
    context: dict[str, Any] = json_column()
    made_at: datetime = time_column(default_now=True)
    expires_at: datetime = time_column()
    redeemed_at: datetime | None = time_column(nullable=True)
    redeemed_as: UUID | None = Field(default=None, nullable=True)
