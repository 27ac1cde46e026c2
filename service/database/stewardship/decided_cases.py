"""Cases that were decided in the room: by which decision, and who said it first."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints


class DecidedCase(NamedTuple):
    """A decision of the room; where much was at stake, two people said the same."""

    decision_id: int
    proposed_by: str | None
    undo_proposed_by: str | None


def add(
    connection: Connection, review_id: int, decision_id: int, *, proposed_by: str | None
) -> None:
    """Keep which decision ended a case, and who proposed it to the one who decided."""
    connection.execute(
        "INSERT INTO decided_case (review_id, decision_id, proposed_by)"
        " VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [review_id, decision_id, proposed_by],
    )


def find(
    connection: Connection, decision_ids: Collection[int]
) -> dict[int, DecidedCase]:
    """Return what is known of these decisions; those of other rooms are left out."""
    rows = connection.execute(
        "SELECT decision_id, proposed_by, undo_proposed_by FROM decided_case"
        " WHERE decision_id = ANY(%s::bigint[]) ORDER BY review_id",
        [bigints(decision_ids)],
    )
    return {row[0]: DecidedCase(*row) for row in rows}


def propose_undo(connection: Connection, decision_id: int, name: str) -> None:
    """Keep that a first person would take a decision back."""
    connection.execute(
        "UPDATE decided_case SET undo_proposed_by = %s WHERE decision_id = %s",
        [name, decision_id],
    )


def reopened_as(connection: Connection, review_id: int) -> int | None:
    """Return the open case of the same two records, if its decision was undone."""
    row = connection.execute(
        "SELECT r.review_id FROM decided_case d JOIN decision x USING (decision_id)"
        " JOIN source_record a ON (a.system, a.id) = (x.system_a, x.id_a)"
        " JOIN source_record b ON (b.system, b.id) = (x.system_b, x.id_b)"
        " JOIN review r ON r.a = least(a.record_id, b.record_id)"
        "   AND r.b = greatest(a.record_id, b.record_id)"
        " WHERE d.review_id = %s AND x.revoked_at IS NOT NULL"
        " ORDER BY r.review_id LIMIT 1",
        [review_id],
    ).fetchone()
    return int(row[0]) if row else None
