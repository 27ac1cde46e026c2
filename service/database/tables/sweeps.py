"""What snapshots saw, and what is gone from the sources because they did not see it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Identity, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.database.tables.columns import (
    json_column,
    position_column,
    text_column,
    time_column,
)


class SnapshotPart(SQLModel, table=True):
    """One part of a snapshot's manifest, kept until all parts are there and judged."""

    __tablename__ = "snapshot_part"

    system: str = text_column(primary_key=True)
    snapshot: str = text_column(primary_key=True)
    number: int = Field(primary_key=True)
    of: int
    before: dict[str, Any] = json_column()
    ends: dict[str, Any] = json_column()
    unreadable: int = Field(sa_column=Column(BigInteger, nullable=False))
    digests: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    arrived_at: datetime = time_column(default_now=True)


class Sweep(SQLModel, table=True):
    """What one snapshot did not see of a system: approved, held for a person, applied
    or discarded."""

    __tablename__ = "sweep"
    __table_args__ = (UniqueConstraint("system", "snapshot", name="sweep_snapshot"),)

    sweep_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), primary_key=True)
    )
    system: str = text_column()
    snapshot: str = text_column()
    state: str = text_column()
    reason: str | None = text_column(nullable=True)
    held_records: int = Field(sa_column=Column(BigInteger, nullable=False))
    vanished: int = Field(sa_column=Column(BigInteger, nullable=False))
    found_at: datetime = time_column(default_now=True)
    settled_at: datetime | None = time_column(nullable=True)


class VanishedKey(SQLModel, table=True):
    """A record or fact that a snapshot did not see, until its delete is applied."""

    __tablename__ = "vanished_key"

    sweep_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    kind: str = text_column(primary_key=True)
    id: str = text_column(primary_key=True)
    position: list[int] | None = position_column()
