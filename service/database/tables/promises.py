"""What Couture itself promised: answers given once, alerts told once, steps kept."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, LargeBinary
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


class OrderStep(SQLModel, table=True):
    """One state that an order's source told of, at its place in the source.

    Late ones are kept too: whether a step was legal is judged by position, at reading.
    """

    __tablename__ = "order_step"

    system: str = text_column(primary_key=True)
    id: str = text_column(primary_key=True)
    position: list[int] = Field(sa_column=Column(ARRAY(BigInteger), primary_key=True))
    status: str = text_column()
    source_at: datetime | None = time_column(nullable=True)


class CaseAlert(SQLModel, table=True):
    """That a case's promised reply time passed was told, once per case and promise."""

    __tablename__ = "case_alert"

    case_id: str = text_column(primary_key=True)
    promised_reply_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), primary_key=True)
    )
    customer_record_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    raised_at: datetime = time_column(default_now=True)
