"""What one channel passes to another."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from service.database.tables.columns import json_column, text_column, time_column


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
