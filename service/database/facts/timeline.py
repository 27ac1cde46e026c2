"""Everything that happened to a customer, in one stream, newest first."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from schemas.change_event import RecordKind
from service.database.connection.session import Connection
from service.database.customers.pages import StoredPage, page_query, read_page
from service.database.facts.orders import order_record

Place = tuple[str, str, str, str]
"""Time, kind, system and id of the last row of a page."""


class TimelineFilter(NamedTuple):
    """Which entries are asked for; what is None does not matter."""

    kind: str | None = None
    since: Any = None
    until: Any = None


_MOVEMENT = """jsonb_build_object('programme', f.programme, 'unit', f.unit,
    'amount', trim_scale(f.amount)::text, 'kind', f.kind, 'order', f.order_key,
    'expires_on', f.expires_on, 'confirms', f.confirms)"""
_LIVE = "NOT f.deleted AND f.record IS NOT NULL AND f.{at} IS NOT NULL"


def _branch(kind: RecordKind, table: str, *, at: str, record: str, live: str) -> str:
    """Return one kind's part, cut to the page before the kinds are put together."""
    return f"""(SELECT '{kind}' AS kind, f.system, f.id, f.{at} AS at,
        s.system || ':' || s.id AS of, {record} AS record
    FROM label l JOIN source_record s USING (record_id)
    JOIN {table} f ON f.customer_record_id = l.record_id
    WHERE l.customer_id = %(customer_id)s AND {live.format(at=at)}
    AND (%(kind)s::text IS NULL OR %(kind)s = '{kind}')
    AND (%(since)s::timestamptz IS NULL OR f.{at} >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR f.{at} < %(until)s)
    AND (%(at)s::timestamptz IS NULL OR (f.{at}, '{kind}', f.system, f.id)
        < (%(at)s, %(after_kind)s, %(system)s, %(id)s))
    ORDER BY f.{at} DESC, f.system DESC, f.id DESC LIMIT %(limit)s)"""


_PAGE = page_query(
    "SELECT * FROM ("
    + " UNION ALL ".join(
        (
            _branch(
                RecordKind.INTERACTION,
                "interaction",
                at="at",
                record="f.record",
                live=_LIVE,
            ),
            _branch(
                RecordKind.ORDER,
                "customer_order",
                at="placed_at",
                record=order_record("f"),
                live=_LIVE,
            ),
            _branch(
                RecordKind.MOVEMENT,
                "loyalty_movement",
                at="at",
                record=_MOVEMENT,
                live="true",
            ),
            _branch(
                RecordKind.CONSENT, "consent", at="at", record="f.record", live=_LIVE
            ),
        )
    )
    + ") e ORDER BY at DESC, kind DESC, system DESC, id DESC LIMIT %(limit)s"
)


def page(
    connection: Connection,
    customer_id: UUID,
    *,
    after: Place | None,
    limit: int,
    only: TimelineFilter,
) -> StoredPage | None:
    """Return a customer's entries after a place, newest first."""
    at, kind, system, id_ = after or (None, "", "", "")
    values = {
        **only._asdict(),
        **{"customer_id": customer_id, "limit": limit + 1},
        **{"at": at, "after_kind": kind, "system": system, "id": id_},
    }
    return read_page(connection, _PAGE, values)
