"""What checks of coherence found: the newest is what the metrics show."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from service.database.connection.session import Connection


class Checked(NamedTuple):
    """The check that ended last."""

    checked_at: datetime
    asked: int
    coherent: int


def add(connection: Connection, *, asked: int, coherent: int) -> None:
    """Store what a check found."""
    connection.execute(
        "INSERT INTO coherence_check (asked, coherent) VALUES (%s, %s)",
        [asked, coherent],
    )


def newest(connection: Connection) -> Checked | None:
    """Return the check that ended last, if any did."""
    row = connection.execute(
        "SELECT checked_at, asked, coherent FROM coherence_check"
        " ORDER BY check_id DESC LIMIT 1"
    ).fetchone()
    return Checked(*row) if row else None


def lately_changed(connection: Connection, *, limit: int) -> list[tuple[str, str]]:
    """Return the live customers that changed last, each with a source key."""
    rows = connection.execute(
        "SELECT c.customer_id::text, (SELECT s.system || ':' || s.id FROM label l"
        "   JOIN source_record s USING (record_id)"
        "   WHERE l.customer_id = c.customer_id ORDER BY record_id LIMIT 1)"
        " FROM customer c WHERE c.profile IS NOT NULL"
        " ORDER BY c.changed_at DESC, c.customer_id LIMIT %s",
        [limit],
    )
    return [(row[0], row[1]) for row in rows if row[1] is not None]
