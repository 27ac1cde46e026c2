"""What operators look at: states of connectors, and messages set aside."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from service.database.tables.columns import json_column, text_column, time_column


class ConnectorState(SQLModel, table=True):
    """The last status of one connector, as the relay read it from Kafka."""

    __tablename__ = "connector_state"

    system: str = text_column(primary_key=True)
    status: dict[str, Any] = json_column()
    at: datetime = time_column()


class DeadLetter(SQLModel, table=True):
    """A message set aside because retrying cannot help, with its reason and place."""

    __tablename__ = "dead_letter"
    __table_args__ = (
        UniqueConstraint(
            "topic", "topic_id", "partition", "offset", name="dead_letter_place"
        ),
    )

    dead_letter_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), primary_key=True)
    )
    topic: str = text_column()
    topic_id: str = text_column()
    partition: int
    offset: int = Field(sa_column=Column(BigInteger, nullable=False))
    reason: str = text_column()
    detail: str = text_column()
    message_key: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    message_value: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    message_headers: dict[str, Any] = json_column()
    set_aside_at: datetime = time_column(default_now=True)
    state: str = Field(sa_column=Column(Text, nullable=False, server_default="open"))
    edited_value: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    settled_at: datetime | None = time_column(nullable=True)
    settled_by: str | None = text_column(nullable=True)
    settled_because: str | None = text_column(nullable=True)
