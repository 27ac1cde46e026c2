"""Every table of Couture. The noun files beside this one hold the queries.

No `from __future__ import annotations` here: SQLModel reads the annotations at run
time. No relationships either: a query says what it reads.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    Numeric,
    Sequence,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

NOW = text("now()")


def _time(*, default_now: bool = False, nullable: bool = False) -> Any:
    return Field(
        sa_column=Column(
            DateTime(timezone=True),
            nullable=nullable,
            server_default=NOW if default_now else None,
        )
    )


def _text(*, nullable: bool = False, primary_key: bool = False) -> Any:
    return Field(sa_column=Column(Text, nullable=nullable, primary_key=primary_key))


def _position() -> Any:
    return Field(sa_column=Column(ARRAY(BigInteger), nullable=True))


def _json(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(JSONB, nullable=nullable))


class SourceRecord(SQLModel, table=True):
    """The latest state of one person as one system holds it.

    A row without a position is a stub: a fact came before its customer. A row with
    `deleted` is a tombstone, which keeps the position so that a latecomer stays late.
    """

    __tablename__ = "source_record"
    __table_args__ = (UniqueConstraint("system", "id", name="source_record_key"),)

    record_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), primary_key=True)
    )
    system: str = _text()
    id: str = _text()
    position: list[int] | None = _position()
    version: int = Field(
        sa_column=Column(BigInteger, nullable=False, server_default=text("0"))
    )
    deleted: bool = Field(sa_column_kwargs={"server_default": text("false")})
    record: dict[str, Any] | None = _json(nullable=True)
    raw: dict[str, Any] | None = _json(nullable=True)
    features: dict[str, Any] | None = _json(nullable=True)
    blocking_keys: list[int] = Field(
        sa_column=Column(ARRAY(BigInteger), nullable=False, server_default=text("'{}'"))
    )
    model: str | None = _text(nullable=True)
    source_at: datetime | None = _time(nullable=True)
    applied_at: datetime = _time(default_now=True)


class BlockingKey(SQLModel, table=True):
    """A 64-bit hash of (blocking rule, values) under which a record is found."""

    __tablename__ = "blocking_key"

    key: int = Field(sa_column=Column(BigInteger, primary_key=True))
    record_id: int = Field(sa_column=Column(BigInteger, primary_key=True))


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
    evidence: dict[str, Any] = _json()
    model: str = _text()


class Decision(SQLModel, table=True):
    """What a steward said of two source keys; it binds and outlives their records."""

    __tablename__ = "decision"
    __table_args__ = (
        Index("decision_b", "system_b", "id_b"),
        Index("decision_a", "system_a", "id_a"),
    )

    decision_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), primary_key=True)
    )
    system_a: str = _text()
    id_a: str = _text()
    system_b: str = _text()
    id_b: str = _text()
    verdict: str = _text()
    steward: str = _text()
    reason: str | None = _text(nullable=True)
    decided_at: datetime = _time(default_now=True)
    revoked_at: datetime | None = _time(nullable=True)


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


class Customer(SQLModel, table=True):
    """A customer id: live, or retired into a survivor, with the profile to answer.

    `anchor` is the record that carries the id through merges and splits: a cluster
    bears the oldest id anchored in it.
    """

    __tablename__ = "customer"
    __table_args__ = (Index("customer_anchor", "anchor"),)

    customer_id: UUID = Field(primary_key=True)
    anchor: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    retired_into: UUID | None = Field(default=None, nullable=True)
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    profile: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    created_at: datetime = _time(default_now=True)
    changed_at: datetime = _time(default_now=True)


class ProfileHistory(SQLModel, table=True):
    """What a profile was, from when to when, and why it changed."""

    __tablename__ = "profile_history"

    customer_id: UUID = Field(primary_key=True)
    version: int = Field(sa_column=Column(BigInteger, primary_key=True))
    profile: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    why: str = _text()
    valid_from: datetime = _time(default_now=True)
    valid_to: datetime | None = _time(nullable=True)


class ContactKey(SQLModel, table=True):
    """By which e-mail, phone or card a customer is found."""

    __tablename__ = "contact_key"
    __table_args__ = (Index("contact_key_customer", "customer_id"),)

    kind: str = _text(primary_key=True)
    value: str = _text(primary_key=True)
    customer_id: UUID = Field(primary_key=True)


class Order(SQLModel, table=True):
    """The latest state of one order; `customer_*` is the source key it came with."""

    __tablename__ = "customer_order"
    __table_args__ = (Index("customer_order_customer", "customer_record_id"),)

    system: str = _text(primary_key=True)
    id: str = _text(primary_key=True)
    position: list[int] | None = _position()
    deleted: bool = Field(sa_column_kwargs={"server_default": text("false")})
    customer_record_id: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    status: str | None = _text(nullable=True)
    placed_at: datetime | None = _time(nullable=True)
    record: dict[str, Any] | None = _json(nullable=True)
    raw: dict[str, Any] | None = _json(nullable=True)


class LoyaltyMovement(SQLModel, table=True):
    """One line of a programme's ledger; inserted once, never changed."""

    __tablename__ = "loyalty_movement"
    __table_args__ = (Index("loyalty_movement_customer", "customer_record_id"),)

    system: str = _text(primary_key=True)
    id: str = _text(primary_key=True)
    position: list[int] | None = _position()
    customer_record_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    programme: str = _text()
    unit: str = _text()
    amount: Decimal = Field(sa_column=Column(Numeric(18, 4), nullable=False))
    kind: str = _text()
    at: datetime = _time()
    order_key: str | None = _text(nullable=True)
    expires_on: date | None = None
    raw: dict[str, Any] | None = _json(nullable=True)


class Interaction(SQLModel, table=True):
    """The latest state of one contact of a customer with a channel."""

    __tablename__ = "interaction"
    __table_args__ = (Index("interaction_customer", "customer_record_id"),)

    system: str = _text(primary_key=True)
    id: str = _text(primary_key=True)
    position: list[int] | None = _position()
    deleted: bool = Field(sa_column_kwargs={"server_default": text("false")})
    customer_record_id: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    at: datetime | None = _time(nullable=True)
    record: dict[str, Any] | None = _json(nullable=True)
    raw: dict[str, Any] | None = _json(nullable=True)


class Consent(SQLModel, table=True):
    """What a person allowed or withdrew, as one system holds it."""

    __tablename__ = "consent"
    __table_args__ = (Index("consent_customer", "customer_record_id"),)

    system: str = _text(primary_key=True)
    id: str = _text(primary_key=True)
    position: list[int] | None = _position()
    deleted: bool = Field(sa_column_kwargs={"server_default": text("false")})
    customer_record_id: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    at: datetime | None = _time(nullable=True)
    record: dict[str, Any] | None = _json(nullable=True)
    raw: dict[str, Any] | None = _json(nullable=True)


class Dirty(SQLModel, table=True):
    """A record whose customer is not yet written; the mark tells a newer reason apart.

    `scored` is false until its pairs are found and scored. Only relabel removes a row,
    and only with the mark that it read, so what a crash leaves any worker finishes.
    """

    __tablename__ = "dirty"

    record_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    mark: int = Field(
        sa_column=Column(
            BigInteger,
            Sequence("dirty_mark", metadata=SQLModel.metadata),
            nullable=False,
        )
    )
    scored: bool = Field(nullable=False)
    since: datetime = _time(default_now=True)


class StreamOffset(SQLModel, table=True):
    """The next offset to read of one partition, committed with the effects."""

    __tablename__ = "stream_offset"

    consumer: str = _text(primary_key=True)
    topic: str = _text(primary_key=True)
    partition: int = Field(primary_key=True)
    next_offset: int = Field(sa_column=Column(BigInteger, nullable=False))
    topic_id: str | None = _text(nullable=True)


class SystemFreshness(SQLModel, table=True):
    """The last change of one system that took effect, and when."""

    __tablename__ = "system_freshness"

    system: str = _text(primary_key=True)
    position: list[int] | None = _position()
    source_at: datetime | None = _time(nullable=True)
    applied_at: datetime = _time(default_now=True)


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
    topic: str = _text()
    topic_id: str = _text()
    partition: int
    offset: int = Field(sa_column=Column(BigInteger, nullable=False))
    reason: str = _text()
    detail: str = _text()
    message_key: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    message_value: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    message_headers: dict[str, Any] = _json()
    set_aside_at: datetime = _time(default_now=True)


class Outbox(SQLModel, table=True):
    """A message that waits for the relay, written with the change it tells of."""

    __tablename__ = "outbox"

    seq: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), primary_key=True)
    )
    topic: str = _text()
    message_key: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    message_value: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    message_headers: dict[str, Any] = _json()
    written_at: datetime = _time(default_now=True)


class ModelVersion(SQLModel, table=True):
    """One immutable model bundle; at most one is active."""

    __tablename__ = "model_version"

    digest: str = _text(primary_key=True)
    bundle: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    active: bool = Field(nullable=False)
    added_at: datetime = _time(default_now=True)


class ApiKey(SQLModel, table=True):
    """A channel's key: only its hash is stored."""

    __tablename__ = "api_key"

    key_id: str = _text(primary_key=True)
    channel: str = _text()
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime = _time(default_now=True)
    revoked_at: datetime | None = _time(nullable=True)
