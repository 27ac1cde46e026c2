"""Connections to PostgreSQL, and a clear word when there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from service.errors import DatabaseUnavailable, Misconfigured

Connection = psycopg.Connection[TupleRow]

NOTICE_DEAD_PEER: dict[str, Any] = {
    # A server that no longer answers the kernel is noticed within half a minute, not
    # after the two hours that most systems give it.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,  # ms
}


def connect(database_url: str, *, name: str = "couture", **options: Any) -> Connection:
    """Return a connection; raise DatabaseUnavailable, with its remedy, if none.

    Raise Misconfigured if the URL cannot be read. The password never stands in the
    error.
    """
    try:
        given: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(database_url)
    except psycopg.ProgrammingError as error:
        raise Misconfigured(
            "COUTURE_DATABASE_URL cannot be read.",
            remedy="Write postgresql://user:password@host:port/database.",
        ) from error
    named = {"application_name": name, "connect_timeout": 10}
    try:
        return psycopg.connect(**NOTICE_DEAD_PEER | given | named | options)
    except psycopg.OperationalError as error:
        raise _unavailable(database_url, error) from error


def _unavailable(database_url: str, error: psycopg.Error) -> DatabaseUnavailable:
    place = where(database_url)
    _, answered, reason = str(error).partition("FATAL:")
    if not answered:
        return DatabaseUnavailable(f"PostgreSQL at {place} does not answer.")
    said = reason.strip().splitlines()[0]
    if said.startswith("the database system"):  # it starts, stops or recovers
        return DatabaseUnavailable(
            f"PostgreSQL at {place} is not ready: {said}.",
            remedy="Try again in a moment; its own log says what it waits for.",
        )
    return DatabaseUnavailable(
        f"PostgreSQL at {place} refuses: {said}.",
        remedy="Check user, password and database in COUTURE_DATABASE_URL.",
    )


def where(database_url: str) -> str:
    """Return host, port and database of a URL, and nothing secret."""
    try:
        parts = psycopg.conninfo.conninfo_to_dict(database_url)
    except psycopg.ProgrammingError:
        return "the given database_url"
    place = f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}"
    return f"{place}/{parts.get('dbname', '')}"


@contextmanager
def snapshot_read(connection: Connection, *, temporary: bool = False) -> Iterator[None]:
    """Let every read inside the block see the database as it was at the first.

    Nothing can be written in it, but for temporary tables if those are asked for.
    """
    access = "READ WRITE" if temporary else "READ ONLY"
    with connection.transaction():
        connection.execute(
            f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ {access}".encode()
        )
        yield
