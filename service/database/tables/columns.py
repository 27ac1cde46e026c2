"""Columns that several tables have alike."""

from typing import Any

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

NOW = text("now()")


def time_column(*, default_now: bool = False, nullable: bool = False) -> Any:
    """Return a time with a zone."""
    return Field(
        sa_column=Column(
            DateTime(timezone=True),
            nullable=nullable,
            server_default=NOW if default_now else None,
        )
    )


def text_column(
    *, nullable: bool = False, primary_key: bool = False, default: str | None = None
) -> Any:
    """Return a text."""
    return Field(
        sa_column=Column(
            Text, nullable=nullable, primary_key=primary_key, server_default=default
        )
    )


def position_column() -> Any:
    """Return the position of a change; empty for a stub."""
    return Field(sa_column=Column(ARRAY(BigInteger), nullable=True))


def json_column(*, nullable: bool = False) -> Any:
    """Return a JSON document."""
    return Field(sa_column=Column(JSONB, nullable=nullable))
