"""What happened to customers, under the source keys it came with."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Index,
    Numeric,
    text,
)
from sqlmodel import Field, SQLModel

from service.database.tables.columns import (
    json_column,
    position_column,
    text_column,
    time_column,
)


class Order(SQLModel, table=True):
    """The latest state of one order; `customer_*` is the source key it came with."""

    __tablename__ = "customer_order"
    __table_args__ = (Index("customer_order_customer", "customer_record_id"),)

    system: str = text_column(primary_key=True)
    id: str = text_column(primary_key=True)
    position: list[int] | None = position_column()
    deleted: bool = Field(sa_column_kwargs={"server_default": text("false")})
    customer_record_id: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    status: str | None = text_column(nullable=True)
    placed_at: datetime | None = time_column(nullable=True)
    record: dict[str, Any] | None = json_column(nullable=True)
    raw: dict[str, Any] | None = json_column(nullable=True)


class LoyaltyMovement(SQLModel, table=True):
    """One line of a programme's ledger; inserted once, never changed."""

    __tablename__ = "loyalty_movement"
    __table_args__ = (Index("loyalty_movement_customer", "customer_record_id"),)

    system: str = text_column(primary_key=True)
    id: str = text_column(primary_key=True)
    position: list[int] | None = position_column()
    customer_record_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    programme: str = text_column()
    unit: str = text_column()
    amount: Decimal = Field(sa_column=Column(Numeric(18, 4), nullable=False))
    kind: str = text_column()
    at: datetime = time_column()
    order_key: str | None = text_column(nullable=True)
    expires_on: date | None = None
    confirms: str | None = text_column(nullable=True)
    raw: dict[str, Any] | None = json_column(nullable=True)


class LoyaltyProgramme(SQLModel, table=True):
    """A programme and unit in which channels may move points: declared, or captured."""

    __tablename__ = "loyalty_programme"

    programme: str = text_column(primary_key=True)
    unit: str = text_column(primary_key=True)
    declared_by: str = text_column()
    declared_at: datetime = time_column(default_now=True)


class Interaction(SQLModel, table=True):
    """The latest state of one contact of a customer with a channel."""

    __tablename__ = "interaction"
    __table_args__ = (
        Index("interaction_customer", "customer_record_id"),
        Index("interaction_at", "at"),
        Index("interaction_promise", text("(record ->> 'promised_reply_at')")),
    )

    system: str = text_column(primary_key=True)
    id: str = text_column(primary_key=True)
    position: list[int] | None = position_column()
    deleted: bool = Field(sa_column_kwargs={"server_default": text("false")})
    customer_record_id: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    at: datetime | None = time_column(nullable=True)
    record: dict[str, Any] | None = json_column(nullable=True)
    raw: dict[str, Any] | None = json_column(nullable=True)


class Consent(SQLModel, table=True):
    """What a person allowed or withdrew, as one system holds it."""

    __tablename__ = "consent"
    __table_args__ = (Index("consent_customer", "customer_record_id"),)

    system: str = text_column(primary_key=True)
    id: str = text_column(primary_key=True)
    position: list[int] | None = position_column()
    deleted: bool = Field(sa_column_kwargs={"server_default": text("false")})
    customer_record_id: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    at: datetime | None = time_column(nullable=True)
    record: dict[str, Any] | None = json_column(nullable=True)
    raw: dict[str, Any] | None = json_column(nullable=True)


class OrderStep(SQLModel, table=True):
    """One state that an order's source told of, at its place in the source.

    Late ones are kept too: whether a step was legal is judged by position, at reading.
    """

    __tablename__ = "order_step"

    system: str = text_column(primary_key=True)
    id: str = text_column(primary_key=True)
    position: list[int] = Field(sa_column=Column(ARRAY(BigInteger), primary_key=True))
    status: str = text_column()
    source_at: datetime | None = time_column(nullable=True)


class CaseAlert(SQLModel, table=True):
    """That a case's promised reply time passed was told, once per case and promise."""

    __tablename__ = "case_alert"

    case_id: str = text_column(primary_key=True)
    promised_reply_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), primary_key=True)
    )
    customer_record_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    raised_at: datetime = time_column(default_now=True)
