"""Many reads that see one moment, and write nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from service.database.session import Connection


@contextmanager
def one_moment(connection: Connection) -> Iterator[None]:
    """Let every read inside the block see the database as it was at the first."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield
