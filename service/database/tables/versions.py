"""The model that decides, and the keys of those who read."""

from datetime import datetime

from sqlalchemy import ARRAY, Column, LargeBinary, Text
from sqlmodel import Field, SQLModel

from service.database.tables.columns import text_column, time_column


class ModelVersion(SQLModel, table=True):
    """One immutable model bundle; at most one is active."""

    __tablename__ = "model_version"

    digest: str = text_column(primary_key=True)
    bundle: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    active: bool = Field(nullable=False)
    added_at: datetime = time_column(default_now=True)


class ApiKey(SQLModel, table=True):
    """A channel's key: only its hash is stored."""

    __tablename__ = "api_key"

    key_id: str = text_column(primary_key=True)
    channel: str = text_column()
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime = time_column(default_now=True)
    revoked_at: datetime | None = time_column(nullable=True)
