"""People of the stewards' room: accounts, sessions, and what each of them did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from service.database.connection.session import Connection


class StoredAccount(NamedTuple):
    """What is known of one person."""

    name: str
    roles: tuple[str, ...]
    password_hash: str
    added_at: datetime
    removed_at: datetime | None


def put(
    connection: Connection, name: str, *, roles: Sequence[str], password_hash: str
) -> None:
    """Store a person, in place of one of that name, whose sessions end."""
    connection.execute(
        "INSERT INTO person (name, roles, password_hash) VALUES (%s, %s, %s)"
        " ON CONFLICT (name) DO UPDATE SET roles = excluded.roles,"
        "   password_hash = excluded.password_hash, removed_at = NULL",
        [name, list(roles), password_hash],
    )
    end_sessions(connection, name)


def remove(connection: Connection, name: str) -> bool:
    """Close an account and its sessions; return whether there was one."""
    done = connection.execute(
        "UPDATE person SET removed_at = coalesce(removed_at, now()) WHERE name = %s",
        [name],
    )
    end_sessions(connection, name)
    connection.execute("DELETE FROM person_browser WHERE name = %s", [name])
    return done.rowcount == 1


def find(connection: Connection, name: str) -> StoredAccount | None:
    """Return the person of a name, removed or not."""
    rows = connection.execute(
        "SELECT name, roles, password_hash, added_at, removed_at FROM person"
        " WHERE name = %s",
        [name],
    )
    return next(map(_stored, rows), None)


def every(connection: Connection) -> list[StoredAccount]:
    """Return all people, by name."""
    rows = connection.execute(
        "SELECT name, roles, password_hash, added_at, removed_at FROM person"
        " ORDER BY name"
    )
    return [_stored(row) for row in rows]


def start_session(connection: Connection, token_hash: bytes, name: str) -> None:
    """Store a signed-in browser."""
    connection.execute(
        "INSERT INTO person_session (token_hash, name) VALUES (%s, %s)",
        [token_hash, name],
    )


def keep_browser(connection: Connection, token_hash: bytes, name: str) -> None:
    """Store that a person has signed in in a browser."""
    connection.execute(
        "INSERT INTO person_browser (token_hash, name) VALUES (%s, %s)"
        " ON CONFLICT DO NOTHING",
        [token_hash, name],
    )


def knows_browser(connection: Connection, token_hash: bytes, name: str) -> bool:
    """Return whether that person has signed in in that browser before."""
    row = connection.execute(
        "SELECT FROM person_browser WHERE token_hash = %s AND name = %s",
        [token_hash, name],
    ).fetchone()
    return row is not None


def seen(
    connection: Connection,
    token_hash: bytes,
    *,
    idle_s: int,
    longest_s: int,
    active: bool,
) -> tuple[str, tuple[str, ...]] | None:
    """Return who holds a session that is alive, and their roles; if it was the person
    and not a page that asks by itself, note the moment."""
    row = connection.execute(
        "UPDATE person_session s"
        " SET seen_at = CASE WHEN %s THEN now() ELSE seen_at END FROM person p"
        " WHERE s.token_hash = %s AND p.name = s.name AND p.removed_at IS NULL"
        "   AND s.seen_at > now() - make_interval(secs => %s)"
        "   AND s.started_at > now() - make_interval(secs => %s)"
        " RETURNING p.name, p.roles",
        [active, token_hash, idle_s, longest_s],
    ).fetchone()
    return (row[0], tuple(row[1])) if row else None


def end_session(connection: Connection, token_hash: bytes) -> None:
    """Forget a signed-in browser."""
    connection.execute("DELETE FROM person_session WHERE token_hash = %s", [token_hash])


def end_sessions(connection: Connection, name: str) -> None:
    """Forget every browser of a person."""
    connection.execute("DELETE FROM person_session WHERE name = %s", [name])


def note(connection: Connection, name: str, act: str, **about: Any) -> None:
    """Keep that a person did something; `about` holds no personal data."""
    connection.execute(
        "INSERT INTO person_act (name, act, about) VALUES (%s, %s, %s)",
        [name, act, Jsonb(about)],
    )


def failures(
    connection: Connection, name: str, *, browser: str | None, within_s: int
) -> int:
    """Return how often signing in failed for a name of late, since it last worked: in
    one known browser, or in all unknown ones together."""
    row = connection.execute(
        "SELECT count(*) FROM person_act WHERE name = %(name)s"
        "   AND act = 'sign_in_failed'"
        "   AND about ->> 'browser' IS NOT DISTINCT FROM %(browser)s"
        "   AND at > now() - make_interval(secs => %(within)s)"
        "   AND at > coalesce((SELECT max(at) FROM person_act"
        "     WHERE name = %(name)s AND act = 'sign_in'"
        "       AND about ->> 'browser' IS NOT DISTINCT FROM %(browser)s),"
        "     '-infinity')",
        {"name": name, "browser": browser, "within": within_s},
    ).fetchone()
    return int(row[0]) if row else 0


def _stored(row: tuple[Any, ...]) -> StoredAccount:
    name, roles, password_hash, added_at, removed_at = row
    return StoredAccount(name, tuple(roles), password_hash, added_at, removed_at)
