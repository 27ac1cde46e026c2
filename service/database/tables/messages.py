"""Where reading stands, what waits to go out, and the feed of what went."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Identity,
    Index,
    LargeBinary,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

from service.database.tables.columns import (
    json_column,
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


class FeedEvent(SQLModel, table=True):
    """An event that was published, in the order of its publication.

    Only the relay writes here, one event after the other: whoever has read up to a
    `seq` will never meet a smaller one.
    """

    __tablename__ = "feed_event"

    seq: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), primary_key=True)
    )
    type: str = text_column()
    event: dict[str, Any] = json_column()
    told_at: datetime = time_column(default_now=True)


class Webhook(SQLModel, table=True):
    """A channel's wish to be called, and how far in the feed it has been."""

    __tablename__ = "webhook"

    webhook_id: UUID = Field(primary_key=True)
    channel: str = text_column()
    url: str = text_column()
    secret: str = text_column()
    types: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    failures: int = Field(
        sa_column=Column(BigInteger, nullable=False, server_default=text("0"))
    )
    failing_since: datetime | None = time_column(nullable=True)
    next_try_at: datetime = time_column(default_now=True)
    stopped_because: str | None = text_column(nullable=True)
    created_at: datetime = time_column(default_now=True)


class WebhookDelivery(SQLModel, table=True):
    """One attempt to deliver one event."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (Index("webhook_delivery_of", "webhook_id", "delivery_id"),)

    delivery_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), primary_key=True)
    )
    webhook_id: UUID = Field(nullable=False)
    event_id: str = text_column()
    attempt: int = Field(sa_column=Column(BigInteger, nullable=False))
    status: int | None = Field(default=None, nullable=True)
    error: str | None = text_column(nullable=True)
    ms: int = Field(sa_column=Column(BigInteger, nullable=False))
    attempted_at: datetime = time_column(default_now=True)
