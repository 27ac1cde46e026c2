"""What a customer's profile was, from when to when."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from service.database.connection.session import Connection


class Version(NamedTuple):
    """One state of a profile, and the one before it; no document while it is gone."""

    version: int
    document: bytes | None
    why: str
    valid_from: datetime
    valid_to: datetime | None
    before: bytes | None


# The version before is looked up by its number: between two of a customer none is left
# out, and the oldest has none.
_VERSIONS = """
SELECT h.version, h.profile, h.why, h.valid_from, h.valid_to, b.profile
FROM profile_history h LEFT JOIN profile_history b
    ON b.customer_id = h.customer_id AND b.version = h.version - 1
WHERE h.customer_id = %(customer_id)s
AND (%(below)s::bigint IS NULL OR h.version < %(below)s)
AND (%(at)s::timestamptz IS NULL OR (h.valid_from <= %(at)s
    AND (h.valid_to IS NULL OR h.valid_to > %(at)s)))
ORDER BY h.version DESC LIMIT %(limit)s
"""


def versions(
    connection: Connection, customer_id: UUID, *, below: int | None, limit: int
) -> list[Version]:
    """Return the states of a customer id, newest first, those below a version."""
    rows = connection.execute(
        _VERSIONS,
        {"customer_id": customer_id, "below": below, "at": None, "limit": limit},
        binary=True,
    )
    return [Version(*row) for row in rows]


def at(connection: Connection, customer_id: UUID, moment: datetime) -> Version | None:
    """Return the state in force at a moment, if the customer id was known then."""
    row = connection.execute(
        _VERSIONS,
        {"customer_id": customer_id, "below": None, "at": moment, "limit": 1},
        binary=True,
    ).fetchone()
    return Version(*row) if row else None
