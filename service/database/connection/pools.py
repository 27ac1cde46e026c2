"""Read-only connections for the API: one statement, one round trip, no ORM."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout, TooManyRequests

from service.database.connection.session import NOTICE_DEAD_PEER, Connection, where
from service.errors import DatabaseUnavailable

ReadPool = ConnectionPool[Connection]
Answer = TypeVar("Answer")

WAIT_S = 2.0
"""How long a request waits for a connection before it is told to come back."""

_MANNERS = (
    "SET default_transaction_read_only = on; SET statement_timeout = '5s';"
    " SET TimeZone = 'UTC'"
)


def open_pool(database_url: str, *, size: int) -> ReadPool:
    """Return a pool that fills in the background, whether or not the database is up."""
    return ConnectionPool(
        database_url,
        min_size=min(2, size),
        max_size=size,
        open=True,
        timeout=WAIT_S,
        max_waiting=size * 16,
        # A database that was away must be found again soon after it is back.
        reconnect_timeout=WAIT_S,
        configure=_configure,
        kwargs=NOTICE_DEAD_PEER
        | {
            "autocommit": True,
            "application_name": "couture-api",
            "connect_timeout": 2,
        },
    )


def _configure(connection: Connection) -> None:
    connection.execute(_MANNERS)


def read(pool: ReadPool, query: Callable[[Connection], Answer]) -> Answer:
    """Return the query's answer; raise DatabaseUnavailable if there is none to give."""
    try:
        return _asked(pool, query)
    except (psycopg.errors.QueryCanceled, PoolTimeout, TooManyRequests) as error:
        raise _unavailable(pool) from error
    except psycopg.OperationalError:
        return _asked_again(pool, query)


def _asked(pool: ReadPool, query: Callable[[Connection], Answer]) -> Answer:
    with pool.connection() as connection:
        return query(connection)


def _asked_again(pool: ReadPool, query: Callable[[Connection], Answer]) -> Answer:
    # A restarted PostgreSQL leaves every idle connection dead: drop them all at once
    # and ask once more, which is safe because a read has no effect.
    try:
        pool.check()
        return _asked(pool, query)
    except (psycopg.OperationalError, PoolTimeout, TooManyRequests) as error:
        raise _unavailable(pool) from error


def _unavailable(pool: ReadPool) -> DatabaseUnavailable:
    place = where(str(pool.conninfo))
    return DatabaseUnavailable(f"PostgreSQL at {place} does not answer.")
