"""Erasures: what proves them, and what refuses the erased when a source sends them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from service.database.tables.columns import text_column, time_column


class PrivacySecret(SQLModel, table=True):
    """A secret of this database: it keys the suppressions, or signs the receipts."""

    __tablename__ = "privacy_secret"

    name: str = text_column(primary_key=True)
    secret: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Erasure(SQLModel, table=True):
    """One erasure, with the signed receipt; it holds no personal data."""

    __tablename__ = "erasure"

    erasure_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(nullable=False)
    grounds: str = text_column()
    erased_by: str = text_column()
    erased_at: datetime = time_column(default_now=True)
    receipt: str = text_column()


class Suppression(SQLModel, table=True):
    """A keyed hash of a source key or of values that tell an erased person."""

    __tablename__ = "suppression"
    __table_args__ = (Index("suppression_erasure", "erasure_id"),)

    hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    erasure_id: UUID = Field(nullable=False)
