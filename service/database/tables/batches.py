"""What the batch did: bulk loads, part by part, and audits."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Identity, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.database.tables.columns import json_column, text_column, time_column


class BulkLoad(SQLModel, table=True):
    """One file loaded as one system; `digest` is of the file and its mapping.

    Its records stand at position (0, load_id, row): any change that a stream brings is
    newer, and so is a later load. Those that it added bear an id from
    `first_record_id` on. Without `finished_at` it was interrupted.
    """

    __tablename__ = "bulk_load"
    __table_args__ = (UniqueConstraint("system", "digest", name="bulk_load_file"),)

    load_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), primary_key=True)
    )
    system: str = text_column()
    digest: str = text_column()
    first_record_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    started_at: datetime = time_column(default_now=True)
    keyed_at: datetime | None = time_column(nullable=True)
    finished_at: datetime | None = time_column(nullable=True)


class BulkLoadPart(SQLModel, table=True):
    """A run of rows of the file that is stored, with what was set aside of it."""

    __tablename__ = "bulk_load_part"

    load_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    part: int = Field(sa_column=Column(BigInteger, primary_key=True))
    records: int = Field(sa_column=Column(BigInteger, nullable=False))
    rejects: list[dict[str, Any]] = json_column()


class Audit(SQLModel, table=True):
    """What one audit found; the API shows the newest as metrics."""

    __tablename__ = "audit"

    audit_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), primary_key=True)
    )
    finished_at: datetime = time_column(default_now=True)
    seconds: float
    records: int = Field(sa_column=Column(BigInteger, nullable=False))
    differences: int = Field(sa_column=Column(BigInteger, nullable=False))
    report: dict[str, Any] = json_column()


class CoherenceCheck(SQLModel, table=True):
    """How many answers a check compared, and how many were coherent."""

    __tablename__ = "coherence_check"

    check_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), primary_key=True)
    )
    checked_at: datetime = time_column(default_now=True)
    asked: int = Field(sa_column=Column(BigInteger, nullable=False))
    coherent: int = Field(sa_column=Column(BigInteger, nullable=False))
