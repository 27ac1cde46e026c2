"""Who may ask, and the first answer to a request that is asked again."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    LargeBinary,
    Text,
)
from sqlmodel import Field, SQLModel

from service.database.tables.columns import json_column, text_column, time_column


class AnsweredRequest(SQLModel, table=True):
    """The first answer to a request that names an Idempotency-Key.

    Written in the transaction of the request's effect; of the body only a hash is kept.
    """

    __tablename__ = "answered_request"

    channel: str = text_column(primary_key=True)
    idempotency_key: str = text_column(primary_key=True)
    body_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    status: int | None = Field(default=None, nullable=True)
    answer: dict[str, Any] | None = json_column(nullable=True)
    answered_at: datetime = time_column(default_now=True)


class ApiKey(SQLModel, table=True):
    """A channel's key: only its hash is stored."""

    __tablename__ = "api_key"

    key_id: str = text_column(primary_key=True)
    channel: str = text_column()
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime = time_column(default_now=True)
    revoked_at: datetime | None = time_column(nullable=True)
