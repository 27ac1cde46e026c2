"""The API's connections: a read or a short write, asked again where that is safe."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout, TooManyRequests

from service.database.connection.session import NOTICE_DEAD_PEER, Connection, where
from service.errors import DatabaseUnavailable

Pool = ConnectionPool[Connection]
Answer = TypeVar("Answer")

WAIT_S = 2.0
"""How long a request waits for a connection before it is told to come back."""

_TRIES = 3
_CONFLICT = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
_TOO_LONG = (psycopg.errors.QueryCanceled, PoolTimeout, TooManyRequests)
_SESSION = (
    "SET default_transaction_read_only = on; SET statement_timeout = '5s';"
    " SET TimeZone = 'UTC'"
)


def open_pool(database_url: str, *, size: int) -> Pool:
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
    connection.execute(_SESSION)


def read(pool: Pool, query: Callable[[Connection], Answer]) -> Answer:
    """Return the query's answer; raise DatabaseUnavailable if there is none to give."""

    def ask() -> Answer:
        with pool.connection() as connection:
            return query(connection)

    return _retried(pool, ask)


def write(pool: Pool, work: Callable[[Connection], Answer]) -> Answer:
    """Return what the work returns, committed; raise DatabaseUnavailable if it is not.

    The work may run more than once: a connection that breaks at the commit leaves open
    whether it took effect, so every work must be idempotent.
    """

    def commit() -> Answer:
        with pool.connection() as connection:
            # the pool's sessions are read-only unless a transaction says otherwise
            connection.read_only = False
            try:
                with connection.transaction():
                    return work(connection)
            finally:
                if not connection.closed:
                    connection.read_only = None

    return _retried(pool, commit)


def _retried(pool: Pool, attempt: Callable[[], Answer]) -> Answer:
    """Return what an attempt returns: up to three at a conflict, two at a lost link."""
    for _ in range(_TRIES):
        try:
            return attempt()
        except _CONFLICT:
            continue
        except _TOO_LONG as error:
            raise _unavailable(pool) from error
        except psycopg.OperationalError:
            break
    else:
        raise _unavailable(pool)
    # A restarted PostgreSQL leaves every idle connection dead: drop them all at once
    # and ask once more.
    try:
        pool.check()
        return attempt()
    except (psycopg.OperationalError, PoolTimeout, TooManyRequests) as error:
        raise _unavailable(pool) from error


def _unavailable(pool: Pool) -> DatabaseUnavailable:
    place = where(str(pool.conninfo))
    return DatabaseUnavailable(f"PostgreSQL at {place} does not answer.")
