"""All records and links, in pieces, for a look at what blocking reaches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from service.database.connection.session import Connection

PIECE = 20_000


def features(connection: Connection) -> Iterator[dict[int, dict[str, Any]]]:
    """Yield the features of every live record, by record id; inside a transaction."""
    with connection.cursor(name="coverage_features") as cursor:
        cursor.execute(
            "SELECT record_id, features FROM source_record WHERE features IS NOT NULL"
        )
        while rows := cursor.fetchmany(PIECE):
            yield dict(rows)


def linked(connection: Connection, *, match: float) -> list[tuple[int, int]]:
    """Return the pairs linked at or above the match threshold."""
    return connection.execute(
        "SELECT a, b FROM link WHERE probability >= %s", [match]
    ).fetchall()
