"""Every status that an order's source told of, late ones too, by its position."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from schemas.change_event import FactChange, OrderChange
from service.database.connection.session import Connection

STEPS = """(SELECT coalesce(json_agg(json_build_object('position', t.position,
    'status', t.status, 'at', t.source_at)), '[]') FROM order_step t
    WHERE (t.system, t.id) = (o.system, o.id))"""
"""A scalar subquery: the steps of the order `o`."""


def keep(connection: Connection, changes: Sequence[FactChange]) -> None:
    """Keep the statuses of these changes; one that is there already stays."""
    rows = [
        {
            "system": change.key.system,
            "id": change.key.id,
            "position": change.position,
            "status": change.after.status,
            "ms": change.source.ts_ms,
        }
        for change in changes
        if isinstance(change, OrderChange) and change.after is not None
    ]
    if rows:
        connection.execute(
            "INSERT INTO order_step (system, id, position, status, source_at)"
            " SELECT system, id, position, status, to_timestamp(ms / 1000.0)"
            " FROM jsonb_to_recordset(%s::jsonb) AS n (system text, id text,"
            "   position bigint[], status text, ms bigint)"
            " ORDER BY system, id, position ON CONFLICT DO NOTHING",
            [orjson.dumps(rows).decode()],
        )
