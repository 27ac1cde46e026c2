"""What the API writes: one short transaction, tried again where that is safe."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests

from service.database.connection.pools import ReadPool
from service.database.connection.session import Connection, where
from service.errors import DatabaseUnavailable

Answer = TypeVar("Answer")
_TRIES = 3
_TRY_AGAIN = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
_NO_ANSWER = (psycopg.OperationalError, PoolTimeout, TooManyRequests)


def write(pool: ReadPool, work: Callable[[Connection], Answer]) -> Answer:
    """Return what the work returns, committed; raise DatabaseUnavailable if it is not.

    The work may run more than once: a connection that breaks at the commit leaves open
    whether it took effect, so every work must be idempotent.
    """
    for _ in range(_TRIES):
        try:
            return _written(pool, work)
        except _TRY_AGAIN:
            continue
        except (psycopg.errors.QueryCanceled, PoolTimeout, TooManyRequests) as error:
            raise _unavailable(pool) from error
        except psycopg.OperationalError:
            return _written_again(pool, work)
    raise _unavailable(pool)


def _written(pool: ReadPool, work: Callable[[Connection], Answer]) -> Answer:
    with pool.connection() as connection:
        # the pool's sessions are read-only unless a transaction says otherwise
        connection.read_only = False
        try:
            with connection.transaction():
                return work(connection)
        finally:
            if not connection.closed:
                connection.read_only = None


def _written_again(pool: ReadPool, work: Callable[[Connection], Answer]) -> Answer:
    # a restarted PostgreSQL leaves every idle connection dead
    try:
        pool.check()
        return _written(pool, work)
    except _NO_ANSWER as error:
        raise _unavailable(pool) from error


def _unavailable(pool: ReadPool) -> DatabaseUnavailable:
    place = where(str(pool.conninfo))
    return DatabaseUnavailable(f"PostgreSQL at {place} does not answer.")
