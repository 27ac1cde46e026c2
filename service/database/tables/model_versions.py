"""The model that decides, and the keys of those who read."""

from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Identity,
    LargeBinary,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

from service.database.tables.columns import text_column, time_column


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


class ApiKey(SQLModel, table=True):
    """A channel's key: only its hash is stored."""

    __tablename__ = "api_key"

    key_id: str = text_column(primary_key=True)
    channel: str = text_column()
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime = time_column(default_now=True)
    revoked_at: datetime | None = time_column(nullable=True)
