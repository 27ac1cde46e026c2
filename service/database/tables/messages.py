"""Where reading stands, what could not be read, what waits to go out."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Identity, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.database.tables.columns import (
    json_column,
    position_column,
    text_column,
    time_column,
)


class StreamOffset(SQLModel, table=True):
    """The next offset to read of one partition, committed with the effects."""

    __tablename__ = "stream_offset"

    consumer: str = text_column(primary_key=True)
    topic: str = text_column(primary_key=True)
    partition: int = Field(primary_key=True)
    next_offset: int = Field(sa_column=Column(BigInteger, nullable=False))
    topic_id: str | None = text_column(nullable=True)


class SystemFreshness(SQLModel, table=True):
    """The last change of one system that took effect, and when."""

    __tablename__ = "system_freshness"

    system: str = text_column(primary_key=True)
    position: list[int] | None = position_column()
    source_at: datetime | None = time_column(nullable=True)
    applied_at: datetime = time_column(default_now=True)


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


class Outbox(SQLModel, table=True):
    """A message that waits for the relay, written with the change it tells of."""

    __tablename__ = "outbox"

    seq: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), primary_key=True)
    )
    topic: str = text_column()
    message_key: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    message_value: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    message_headers: dict[str, Any] = json_column()
    written_at: datetime = time_column(default_now=True)
