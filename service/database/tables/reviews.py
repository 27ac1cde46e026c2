"""What a steward is asked."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Identity, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.database.tables.columns import text_column, time_column


class Review(SQLModel, table=True):
    """One open case: two records to look at, and why; it goes when the case does.

    `a` is `b` where the case is a whole component. Customers are not named: they are
    those of the records, now.
    """

    __tablename__ = "review"
    __table_args__ = (
        UniqueConstraint("a", "b", "kind", name="review_case"),
        Index("review_b", "b"),
    )

    review_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), primary_key=True)
    )
    kind: str = text_column()
    a: int = Field(sa_column=Column(BigInteger, nullable=False))
    b: int = Field(sa_column=Column(BigInteger, nullable=False))
    why: str = text_column()
    weight: float | None = Field(default=None, nullable=True)
    probability: float | None = Field(default=None, nullable=True)
    opened_at: datetime = time_column(default_now=True)
