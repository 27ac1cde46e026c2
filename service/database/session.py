"""Connections to PostgreSQL, and a clear word when there is none."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import TupleRow

from service.errors import DatabaseUnavailable

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

    The password never stands in the error.
    """
    try:
        given: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(database_url)
        named = {"application_name": name, "connect_timeout": 10}
        return psycopg.connect(**NOTICE_DEAD_PEER | given | named | options)
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
        detail = f"PostgreSQL at {where(database_url)} does not answer."
        raise DatabaseUnavailable(detail) from error


def where(database_url: str) -> str:
    """Return host, port and database of a URL, and nothing secret."""
    try:
        parts = psycopg.conninfo.conninfo_to_dict(database_url)
    except psycopg.ProgrammingError:
        return "the given database_url"
    place = f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}"
    return f"{place}/{parts.get('dbname', '')}"


def sqlalchemy_url(database_url: str) -> str:
    """Return the same URL for SQLAlchemy with psycopg 3."""
    return database_url.replace("postgresql://", "postgresql+psycopg://", 1)
