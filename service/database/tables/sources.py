"""Source records as they stand, the keys that find them, and the sweeps."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Identity,
    LargeBinary,
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


class SourceRecordPart(SQLModel, table=True):
    """What one table of a system says of a record that several tables give together.

    The part of table '' and row '' is what the record's own table says. A row with
    `deleted` keeps the position so that a latecomer stays late.
    """

    __tablename__ = "source_record_part"

    system: str = text_column(primary_key=True)
    record_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    part_table: str = text_column(primary_key=True)
    part_row: str = text_column(primary_key=True)
    position: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    deleted: bool
    record: dict[str, Any] | None = json_column(nullable=True)
    raw: dict[str, Any] | None = json_column(nullable=True)
    source_at: datetime | None = time_column(nullable=True)


class BlockingKey(SQLModel, table=True):
    """A 64-bit hash of (blocking rule, values) under which a record is found."""

    __tablename__ = "blocking_key"

    key: int = Field(sa_column=Column(BigInteger, primary_key=True))
    record_id: int = Field(sa_column=Column(BigInteger, primary_key=True))


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


class SuspendedKey(SQLModel, table=True):
    """A blocking key of more records than a block may have: it finds no candidates.

    `recheck` says that a record left the block since.
    """

    __tablename__ = "suspended_key"

    key: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    recheck: bool = Field(sa_column_kwargs={"server_default": text("false")})


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
    """A record, part of a record, or fact that a snapshot did not see, until its delete
    is applied."""

    __tablename__ = "vanished_key"

    sweep_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    kind: str = text_column(primary_key=True)
    id: str = text_column(primary_key=True)
    position: list[int] | None = position_column()
    part_table: str = text_column(primary_key=True, default="")
    part_row: str = text_column(primary_key=True, default="")


class SystemFreshness(SQLModel, table=True):
    """The last change of one system that took effect, and when."""

    __tablename__ = "system_freshness"

    system: str = text_column(primary_key=True)
    position: list[int] | None = position_column()
    source_at: datetime | None = time_column(nullable=True)
    applied_at: datetime = time_column(default_now=True)
