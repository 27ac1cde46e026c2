"""Many reads that see one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from service.database.connection.session import Connection


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
