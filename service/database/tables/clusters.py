"""Which records belong together, and by which model: links, labels, versions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    LargeBinary,
    text,
)
from sqlmodel import Field, SQLModel

from service.database.tables.columns import (
    json_column,
    text_column,
    time_column,
)


class Link(SQLModel, table=True):
    """A scored pair a < b at or above the review floor, with the versions compared."""

    __tablename__ = "link"
    __table_args__ = (Index("link_b", "b"),)

    a: int = Field(sa_column=Column(BigInteger, primary_key=True))
    b: int = Field(sa_column=Column(BigInteger, primary_key=True))
    version_a: int = Field(sa_column=Column(BigInteger, nullable=False))
    version_b: int = Field(sa_column=Column(BigInteger, nullable=False))
    weight: float
    probability: float
    evidence: dict[str, Any] = json_column()
    model: str = text_column()


class Label(SQLModel, table=True):
    """Which component and customer a record belongs to; written only by relabel."""

    __tablename__ = "label"
    __table_args__ = (
        Index("label_component", "component"),
        Index("label_customer", "customer_id"),
    )

    record_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    component: int = Field(sa_column=Column(BigInteger, nullable=False))
    customer_id: UUID = Field(nullable=False)


class ModelVersion(SQLModel, table=True):
    """One immutable model bundle; at most one is active."""

    __tablename__ = "model_version"

    digest: str = text_column(primary_key=True)
    bundle: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    active: bool = Field(nullable=False)
    added_at: datetime = time_column(default_now=True)


class ModelPromotion(SQLModel, table=True):
    """One switch of the active model version, and how much it touched."""

    __tablename__ = "model_promotion"

    promotion_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), primary_key=True)
    )
    digest: str = text_column()
    replaced: str | None = text_column(nullable=True)
    promoted_at: datetime = time_column(default_now=True)
    records: int = Field(
        sa_column=Column(BigInteger, nullable=False, server_default=text("0"))
    )
    customers_changed: int = Field(
        sa_column=Column(BigInteger, nullable=False, server_default=text("0"))
    )
