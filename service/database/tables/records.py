"""What the sources say of people, and what was found between them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Identity,
    Index,
    Sequence,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from service.database.tables.columns import (
    json_column,
    position_column,
    text_column,
    time_column,
)


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
    system: str = text_column()
    id: str = text_column()
    position: list[int] | None = position_column()
    version: int = Field(
        sa_column=Column(BigInteger, nullable=False, server_default=text("0"))
    )
    deleted: bool = Field(sa_column_kwargs={"server_default": text("false")})
    record: dict[str, Any] | None = json_column(nullable=True)
    raw: dict[str, Any] | None = json_column(nullable=True)
    features: dict[str, Any] | None = json_column(nullable=True)
    blocking_keys: list[int] = Field(
        sa_column=Column(ARRAY(BigInteger), nullable=False, server_default=text("'{}'"))
    )
    model: str | None = text_column(nullable=True)
    source_at: datetime | None = time_column(nullable=True)
    applied_at: datetime = time_column(default_now=True)


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
    evidence: dict[str, Any] = json_column()
    model: str = text_column()


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
    system_a: str = text_column()
    id_a: str = text_column()
    system_b: str = text_column()
    id_b: str = text_column()
    verdict: str = text_column()
    steward: str = text_column()
    reason: str | None = text_column(nullable=True)
    decided_at: datetime = time_column(default_now=True)
    revoked_at: datetime | None = time_column(nullable=True)
    revoked_by: str | None = text_column(nullable=True)
    revoke_reason: str | None = text_column(nullable=True)


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
    since: datetime = time_column(default_now=True)
