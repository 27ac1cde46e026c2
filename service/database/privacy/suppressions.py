"""The keyed hashes that refuse an erased person, and the secrets of this database."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from uuid import UUID

from service.database.connection.session import Connection
from service.domain.suppression import hashed


def secret(connection: Connection, name: str) -> bytes:
    """Return a secret of this database, made at its first use: 32 random bytes."""
    found = _secret(connection, name)
    if found is None:
        connection.execute(
            "INSERT INTO privacy_secret (name, secret) VALUES (%s, %s)"
            " ON CONFLICT DO NOTHING",
            [name, secrets.token_bytes(32)],
        )
        found = _secret(connection, name)
    assert found is not None
    return found


def _secret(connection: Connection, name: str) -> bytes | None:
    row = connection.execute(
        "SELECT secret FROM privacy_secret WHERE name = %s", [name]
    ).fetchone()
    return bytes(row[0]) if row else None


def any_stands(connection: Connection) -> bool:
    """Return whether anybody is refused: if nobody, there is nothing to look for."""
    row = connection.execute("SELECT EXISTS (SELECT FROM suppression)").fetchone()
    return bool(row and row[0])


def add(connection: Connection, marks: Iterable[str], erasure_id: UUID) -> int:
    """Refuse whoever bears one of these marks from now on; return how many are new."""
    key = secret(connection, "suppression")
    done = connection.execute(
        "INSERT INTO suppression (hash, erasure_id)"
        " SELECT hash, %s FROM unnest(%s::bytea[]) AS n (hash)"
        " ON CONFLICT DO NOTHING",
        [erasure_id, [hashed(mark, key) for mark in sorted(set(marks))]],
    )
    return done.rowcount


def standing(connection: Connection, marks: Iterable[str]) -> dict[str, UUID]:
    """Return those of the marks that are refused, each with its erasure."""
    wanted = set(marks)
    if not wanted:
        return {}
    key = secret(connection, "suppression")
    by_hash = {hashed(mark, key): mark for mark in wanted}
    rows = connection.execute(
        "SELECT hash, erasure_id FROM suppression WHERE hash = ANY(%s::bytea[])",
        [list(by_hash)],
    )
    return {by_hash[bytes(hash_)]: erasure_id for hash_, erasure_id in rows}


def lift(connection: Connection, erasure_id: UUID) -> int:
    """Let the person of an erasure in again; return how many marks fell."""
    done = connection.execute(
        "DELETE FROM suppression WHERE erasure_id = %s", [erasure_id]
    )
    return done.rowcount
