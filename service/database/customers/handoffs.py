"""Handoffs on their way: made, redeemed once, forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from service.database.connection.session import Connection


class Way(NamedTuple):
    """From which channel to which."""

    made_by: str
    audience: str


class Redeemed(NamedTuple):
    """What a handoff carries."""

    customer_id: UUID
    made_by: str
    made_at: datetime
    context: dict[str, Any]


def is_live(connection: Connection, customer_id: UUID) -> bool:
    """Return whether the customer id has a profile."""
    row = connection.execute(
        "SELECT FROM customer WHERE customer_id = %s AND profile IS NOT NULL",
        [customer_id],
    ).fetchone()
    return row is not None


def add(
    connection: Connection,
    code_hash: bytes,
    *,
    customer_id: UUID,
    way: Way,
    context: Mapping[str, Any],
    lasts: timedelta,
) -> datetime:
    """Store a handoff and return when it expires; once more changes nothing."""
    row = connection.execute(
        "INSERT INTO handoff (code_hash, customer_id, made_by, audience, context,"
        " expires_at) VALUES (%s, %s, %s, %s, %s, now() + %s)"
        " ON CONFLICT (code_hash) DO UPDATE SET expires_at = handoff.expires_at"
        " RETURNING expires_at",
        [code_hash, customer_id, *way, Jsonb(dict(context)), lasts],
    ).fetchone()
    assert row is not None
    expires_at: datetime = row[0]
    return expires_at


def redeem(
    connection: Connection, code_hash: bytes, *, audience: str, attempt: UUID
) -> Redeemed | None:
    """Return what the handoff carries, once; None if it is not this channel's to take.

    The same attempt may ask again: its first answer may have been lost with the
    connection.
    """
    row = connection.execute(
        "UPDATE handoff SET redeemed_at = coalesce(redeemed_at, now()),"
        " redeemed_as = %(attempt)s WHERE code_hash = %(code_hash)s"
        " AND audience = %(audience)s AND expires_at > now()"
        " AND (redeemed_as IS NULL OR redeemed_as = %(attempt)s)"
        " RETURNING customer_id, made_by, made_at, context",
        {"attempt": attempt, "code_hash": code_hash, "audience": audience},
    ).fetchone()
    return Redeemed(*row) if row else None


def forget_expired(connection: Connection) -> int:
    """Forget handoffs that nobody can redeem any more; return how many."""
    return connection.execute("DELETE FROM handoff WHERE expires_at < now()").rowcount
