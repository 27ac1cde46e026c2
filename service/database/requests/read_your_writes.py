"""Whether a change has taken effect: stored, and written into the profile."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.change_event import RecordKind
from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.record_kinds import TABLE_OF

# A change and its record's dirty mark commit together, and relabel removes the mark in
# the transaction that writes the profile: stored and unmarked means shown.
_SHOWN = """SELECT FROM {table} t WHERE t.system = %s AND t.id = %s AND {reached}
AND NOT EXISTS (SELECT FROM dirty d WHERE d.record_id = t.{record})"""
_REACHED = "t.position >= %s::bigint[]"
# a ledger line never changes: any position of it is the whole of it
_STORED = "%s::bigint[] IS NOT NULL"


def is_applied(
    connection: Connection, kind: RecordKind, key: SourceKey, position: Sequence[int]
) -> bool:
    """Return whether profiles include the change at this position, or a later one."""
    query = _SHOWN.format(
        table=TABLE_OF[kind],
        reached=_STORED if kind is RecordKind.MOVEMENT else _REACHED,
        record="record_id" if kind is RecordKind.CUSTOMER else "customer_record_id",
    )
    found = connection.execute(
        query.encode(), [key.system, key.id, list(position)]
    ).fetchone()
    return found is not None
