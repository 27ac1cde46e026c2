"""The contacts behind cases, figures over all contacts, and replies overdue."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.customers.pages import StoredPage, page_query, read_page

MOST_CONTACTS = 5_000
LOOK_BACK = timedelta(days=30)

_CONTACTS = page_query(
    """SELECT i.system, i.id, i.at, i.record, EXISTS (SELECT FROM case_alert a
        WHERE a.case_id = i.record ->> 'case_id'
        AND a.customer_record_id IN (SELECT o.record_id FROM label o
            WHERE o.customer_id = %(customer_id)s)
        AND a.promised_reply_at = (i.record ->> 'promised_reply_at')::timestamptz
        ) AS alerted
    FROM label l JOIN interaction i ON i.customer_record_id = l.record_id
    WHERE l.customer_id = %(customer_id)s AND NOT i.deleted AND i.at IS NOT NULL
    AND i.record ->> 'case_id' IS NOT NULL
    ORDER BY i.at DESC, i.system DESC, i.id DESC LIMIT %(limit)s"""
)

# A case is what one customer speaks of under one case id; a contact without one is a
# case of its own. Contacts up to 30 days before the window tell a first from a repeat.
_INSIGHTS = """
WITH contact AS (
    SELECT i.at, i.record ->> 'channel' AS channel, l.customer_id,
        i.at >= %(since)s AS inside, i.record ->> 'status' = 'closed' AS closed,
        coalesce('id ' || (i.record ->> 'case_id'),
            'key ' || i.system || ':' || i.id) AS case_id,
        lag(i.at) OVER (PARTITION BY l.customer_id ORDER BY i.at, i.system, i.id)
            AS before, i.system, i.id
    FROM interaction i JOIN label l ON l.record_id = i.customer_record_id
    WHERE NOT i.deleted AND i.record IS NOT NULL
    AND i.at >= %(from)s AND i.at < %(until)s
    AND (%(customer_id)s::uuid IS NULL OR l.customer_id = %(customer_id)s)
), seen AS (
    SELECT *, coalesce(before >= at - make_interval(days => %(repeat_days)s), false)
        AS repeated FROM contact WHERE inside
), matter AS (
    SELECT customer_id, case_id, min(at) AS opened_at, count(*) AS contacts,
        count(DISTINCT channel) AS channels,
        (array_agg(closed ORDER BY at DESC, system DESC, id DESC)
            FILTER (WHERE closed IS NOT NULL))[1] AS closed
    FROM contact GROUP BY 1, 2 HAVING min(at) >= %(since)s
), channel AS (
    SELECT channel, count(*) AS contacts, count(DISTINCT customer_id) AS customers,
        count(*) FILTER (WHERE repeated) AS repeat_contacts
    FROM seen GROUP BY 1
)
SELECT jsonb_build_object(
    'contacts', (SELECT count(*) FROM seen),
    'customers', (SELECT count(DISTINCT customer_id) FROM seen),
    'repeat_contacts', (SELECT count(*) FROM seen WHERE repeated),
    'channels', (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.channel), '[]')
        FROM channel c),
    'cases', (SELECT count(*) FROM matter),
    'closed_cases', (SELECT count(*) FROM matter WHERE closed),
    'resolved_at_first_contact',
        (SELECT count(*) FROM matter WHERE closed AND contacts = 1),
    'cases_across_channels', (SELECT count(*) FROM matter WHERE channels > 1),
    'promises_missed', (SELECT count(*) FROM case_alert a
        LEFT JOIN label l ON l.record_id = a.customer_record_id
        WHERE a.promised_reply_at >= %(since)s AND a.promised_reply_at < %(until)s
        AND (%(customer_id)s::uuid IS NULL OR l.customer_id = %(customer_id)s)))
"""


def contacts(connection: Connection, customer_id: UUID) -> StoredPage | None:
    """Return the contacts of a customer's cases, newest first."""
    values = {"customer_id": customer_id, "limit": MOST_CONTACTS}
    return read_page(connection, _CONTACTS, values)


def insights(
    connection: Connection,
    *,
    since: datetime,
    until: datetime,
    repeat_days: int,
    customer_id: UUID | None = None,
) -> dict[str, Any]:
    """Return the figures over the contacts of known customers in a stretch of time."""
    row = connection.execute(
        _INSIGHTS,
        {
            **{"since": since, "until": until, "from": since - LOOK_BACK},
            **{"repeat_days": repeat_days, "customer_id": customer_id},
        },
    ).fetchone()
    assert row is not None
    found: dict[str, Any] = row[0]
    return found


ALERT_LOOK_BACK = timedelta(days=30)
"""A promise that passed longer ago, while nothing ran, is not told of any more."""


class Overdue(NamedTuple):
    """A case whose promised reply has not come."""

    customer_id: UUID
    case_id: str
    promised_reply_at: datetime
    channel: str
    interaction: SourceKey


# The promise stands if no contact of the case, in any channel, came after those that
# state it, and the case is not closed: by the last contact that speaks of its status,
# which is looked for where this one does not. "Told" looks over all of the customer's
# records, so that a second channel repeating a promise gives no second alert.
_TELL = """
WITH due AS (
    SELECT i.system, i.id, i.customer_record_id, l.customer_id, i.at,
        i.record ->> 'case_id' AS case_id, i.record ->> 'channel' AS channel,
        (i.record ->> 'promised_reply_at')::timestamptz AS promised
    FROM interaction i JOIN label l ON l.record_id = i.customer_record_id
    WHERE i.record ->> 'promised_reply_at' BETWEEN %(first)s AND %(last)s
    AND i.record ->> 'case_id' IS NOT NULL
    AND NOT i.deleted AND i.at IS NOT NULL
    AND coalesce(i.record ->> 'status', (SELECT before.record ->> 'status'
        FROM label o JOIN interaction before ON before.customer_record_id = o.record_id
        WHERE o.customer_id = l.customer_id AND NOT before.deleted
        AND before.record ->> 'case_id' = i.record ->> 'case_id'
        AND before.record ->> 'status' IS NOT NULL
        AND (before.at, before.system, before.id) < (i.at, i.system, i.id)
        ORDER BY before.at DESC, before.system DESC, before.id DESC LIMIT 1
        ), 'open') <> 'closed'
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


def record_overdue(connection: Connection, *, now: datetime) -> list[Overdue]:
    """Return the cases whose promise passed by now, each once, and keep that it was."""
    # the stored text is UTC in ISO form, so it can be searched as text; the fraction
    # of a second that sorts differently is judged as a time afterwards
    bounds = {
        "first": (now - ALERT_LOOK_BACK).strftime("%Y-%m-%dT%H:%M:%S"),
        "last": (now + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    rows = connection.execute(_TELL, {**bounds, "now": now})
    return [
        Overdue(customer_id, case_id, promised, channel, SourceKey(system, id_))
        for customer_id, case_id, promised, channel, system, id_ in rows
    ]
