"""The keys by which channels are known; of a secret only its hash is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from service.database.connection.session import Connection


class StoredKey(NamedTuple):
    """What is known of one key."""

    key_id: str
    channel: str
    secret_hash: bytes
    scopes: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None


_COLUMNS = "key_id, channel, secret_hash, scopes, created_at, revoked_at"


def add(
    connection: Connection,
    key_id: str,
    *,
    channel: str,
    secret_hash: bytes,
    scopes: Sequence[str],
) -> None:
    """Store a new key."""
    connection.execute(
        "INSERT INTO api_key (key_id, channel, secret_hash, scopes)"
        " VALUES (%s, %s, %s, %s)",
        [key_id, channel, secret_hash, list(scopes)],
    )


def find(connection: Connection, key_id: str) -> StoredKey | None:
    """Return the key of an id, revoked or not."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM api_key WHERE key_id = %s", [key_id]
    ).fetchone()
    return _stored(row) if row else None


def every(connection: Connection) -> list[StoredKey]:
    """Return all keys, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM api_key ORDER BY created_at, key_id"
    )
    return [_stored(row) for row in rows]


def revoke(connection: Connection, key_id: str) -> bool:
    """Revoke a key; return whether there is one. A second time changes nothing."""
    done = connection.execute(
        "UPDATE api_key SET revoked_at = coalesce(revoked_at, now()) WHERE key_id = %s",
        [key_id],
    )
    return done.rowcount == 1


def _stored(row: tuple[Any, ...]) -> StoredKey:
    key_id, channel, secret_hash, scopes, created_at, revoked_at = row
    return StoredKey(
        key_id, channel, bytes(secret_hash), tuple(scopes), created_at, revoked_at
    )
