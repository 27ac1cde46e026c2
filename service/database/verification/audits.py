"""What audits found: the newest is what the metrics show."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import orjson

from service.database.connection.session import Connection


class Newest(NamedTuple):
    """The audit that ended last."""

    finished_at: datetime
    seconds: float
    records: int
    differences: int


def add(
    connection: Connection,
    report: dict[str, Any],
    *,
    seconds: float,
    records: int,
    differences: int,
) -> None:
    """Store what an audit found."""
    connection.execute(
        "INSERT INTO audit (seconds, records, differences, report)"
        " VALUES (%s, %s, %s, %s::jsonb)",
        [seconds, records, differences, orjson.dumps(report).decode()],
    )


def newest(connection: Connection) -> Newest | None:
    """Return the audit that ended last, if any did."""
    row = connection.execute(
        "SELECT finished_at, seconds, records, differences FROM audit"
        " ORDER BY audit_id DESC LIMIT 1"
    ).fetchone()
    return Newest(*row) if row else None
