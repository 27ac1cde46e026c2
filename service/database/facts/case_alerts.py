"""Replies that were promised: which passed without one, and that this was told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from schemas.source_key import SourceKey
from service.database.connection.session import Connection

LOOK_BACK = timedelta(days=30)
"""A promise that passed longer ago, while nothing ran, is not told of any more."""


class Overdue(NamedTuple):
    """A case whose promised reply has not come."""

    customer_id: UUID
    case_id: str
    promised_reply_at: datetime
    channel: str
    interaction: SourceKey


# The promise stands if no contact of the case, in any channel, came after those that
# state it, and the last one is not closed. "Told" looks over all of the customer's
# records, so that a second channel repeating a promise gives no second alert.
_TELL = """
WITH due AS (
    SELECT i.system, i.id, i.customer_record_id, l.customer_id, i.at,
        i.record ->> 'case_id' AS case_id, i.record ->> 'channel' AS channel,
        (i.record ->> 'promised_reply_at')::timestamptz AS promised
    FROM interaction i JOIN label l ON l.record_id = i.customer_record_id
    WHERE i.record ->> 'promised_reply_at' BETWEEN %(first)s AND %(last)s
    AND i.record ->> 'case_id' IS NOT NULL AND i.record ->> 'status' <> 'closed'
    AND NOT i.deleted AND i.at IS NOT NULL
), latest AS (
    SELECT DISTINCT ON (customer_id, case_id) * FROM due
    WHERE promised <= %(now)s AND NOT EXISTS (SELECT FROM label o
        JOIN interaction later ON later.customer_record_id = o.record_id
        WHERE o.customer_id = due.customer_id AND NOT later.deleted
        AND later.record ->> 'case_id' = due.case_id
        AND (later.at, later.system, later.id) > (due.at, due.system, due.id))
    AND NOT EXISTS (SELECT FROM case_alert a
        JOIN label o ON o.record_id = a.customer_record_id
        WHERE a.case_id = due.case_id AND a.promised_reply_at = due.promised
        AND o.customer_id = due.customer_id)
    ORDER BY customer_id, case_id, at DESC, system DESC, id DESC LIMIT 500
), told AS (
    INSERT INTO case_alert (case_id, promised_reply_at, customer_record_id)
    SELECT case_id, promised, customer_record_id FROM latest ON CONFLICT DO NOTHING
    RETURNING case_id, promised_reply_at, customer_record_id
)
SELECT n.customer_id, n.case_id, n.promised, n.channel, n.system, n.id
FROM latest n JOIN told t ON (t.case_id, t.promised_reply_at, t.customer_record_id)
    = (n.case_id, n.promised, n.customer_record_id) ORDER BY n.promised, n.case_id
"""


def tell_overdue(connection: Connection, *, now: datetime) -> list[Overdue]:
    """Return the cases whose promise passed by now, each once, and keep that it was."""
    # the stored text is UTC in ISO form, so it can be searched as text; the fraction
    # of a second that sorts differently is judged as a time afterwards
    bounds = {
        "first": (now - LOOK_BACK).strftime("%Y-%m-%dT%H:%M:%S"),
        "last": (now + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    rows = connection.execute(_TELL, {**bounds, "now": now})
    return [
        Overdue(customer_id, case_id, promised, channel, SourceKey(system, id_))
        for customer_id, case_id, promised, channel, system, id_ in rows
    ]
