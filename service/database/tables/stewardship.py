"""Open cases, decisions, and the people who make them in the stewards' room."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from service.database.tables.columns import (
    json_column,
    text_column,
    time_column,
)


class Person(SQLModel, table=True):
    """One person with a local account; of the password only its hash is stored."""

    __tablename__ = "person"

    name: str = text_column(primary_key=True)
    roles: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    password_hash: str = text_column()
    added_at: datetime = time_column(default_now=True)
    removed_at: datetime | None = time_column(nullable=True)


class PersonSession(SQLModel, table=True):
    """One signed-in browser; of its cookie only the hash is stored."""

    __tablename__ = "person_session"

    token_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    name: str = text_column()
    started_at: datetime = time_column(default_now=True)
    seen_at: datetime = time_column(default_now=True)


class PersonAct(SQLModel, table=True):
    """One thing that a person did in the room: keys and words, no personal data."""

    __tablename__ = "person_act"

    act_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), primary_key=True)
    )
    name: str = text_column()
    act: str = text_column()
    about: dict[str, Any] = json_column()
    at: datetime = time_column(default_now=True)


class ReviewClaim(SQLModel, table=True):
    """Who looks at a case until when; or that someone was unsure of it until then."""

    __tablename__ = "review_claim"

    review_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    name: str = text_column()
    until: datetime = time_column()
    unsure: bool = Field(nullable=False)


class ProposedDecision(SQLModel, table=True):
    """What one person would decide, where a second must say the same to make it so."""

    __tablename__ = "proposed_decision"

    review_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    verdict: str = text_column()
    reason: str | None = text_column(nullable=True)
    name: str = text_column()
    proposed_at: datetime = time_column(default_now=True)


class DecidedCase(SQLModel, table=True):
    """The decision that ended a case; where two had to say so, who said it first."""

    __tablename__ = "decided_case"
    __table_args__ = (Index("decided_case_decision", "decision_id"),)

    review_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    decision_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    proposed_by: str | None = text_column(nullable=True)
    undo_proposed_by: str | None = text_column(nullable=True)


class PersonBrowser(SQLModel, table=True):
    """A browser in which a person has signed in; of its cookie only the hash."""

    __tablename__ = "person_browser"

    token_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    name: str = text_column()
    added_at: datetime = time_column(default_now=True)


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
