"""A customer's ledger: its lines and balances, and the lines that channels add."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from schemas.change_event import MovementChange, Op, Source
from schemas.facts import LoyaltyMovement
from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.customers.pages import StoredPage, page_query, read_page
from service.database.facts import facts
from service.database.facts.facts import COUNTED, OF_CUSTOMER, balances_query
from service.database.facts.orders import Place
from service.database.messages import outbox
from service.database.sources import dirty
from service.domain.loyalty import Line

_SOURCE = "loyalty_movement"


class Holder(NamedTuple):
    """An account's record and the customer it belongs to, who is locked."""

    record_id: int
    customer_id: UUID


class Now(NamedTuple):
    """The database's clock: a time, and the same as a position."""

    at: datetime
    position: int


_HOLDER = """SELECT l.record_id, l.customer_id FROM source_record s
JOIN label l USING (record_id) WHERE s.system = %s AND s.id = %s"""
# Whoever changes a customer's members writes its row too, so this lock keeps the
# members as they are, and makes the movements of one balance wait for one another.
_LOCK = "SELECT FROM customer WHERE customer_id = %s FOR NO KEY UPDATE"


def lock_holder(connection: Connection, account: SourceKey) -> Holder | None:
    """Return the customer who holds the account, locked until the transaction ends."""
    key = [account.system, account.id]
    found = connection.execute(_HOLDER, key).fetchone()
    while found is not None:
        connection.execute(_LOCK, [found[1]])
        # a merge or an unmerge may have moved the account while we waited
        again = connection.execute(_HOLDER, key).fetchone()
        if again == found:
            return Holder(*found)
        found = again
    return None


def balance(
    connection: Connection, customer_id: UUID, *, programme: str, unit: str
) -> Decimal:
    """Return the sum of all accounts of a customer in a programme and unit."""
    row = connection.execute(
        f"SELECT amount FROM ({balances_query(OF_CUSTOMER)}) b"
        " WHERE (programme, unit) = (%s, %s)",
        [customer_id, programme, unit],
    ).fetchone()
    return Decimal(row[0]) if row else Decimal(0)


def has_expired(
    connection: Connection, customer_id: UUID, *, programme: str, unit: str, today: date
) -> bool:
    """Return whether some line of the customer has an expiry day that is past."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM label l JOIN loyalty_movement m"
        " ON m.customer_record_id = l.record_id WHERE l.customer_id = %s"
        " AND (m.programme, m.unit) = (%s, %s) AND m.expires_on < %s)",
        [customer_id, programme, unit, today],
    ).fetchone()
    return row == (True,)


def now(connection: Connection) -> Now:
    """Return the database's clock, which all channels share."""
    row = connection.execute(
        "SELECT t, (extract(epoch FROM t) * 1000000)::bigint FROM clock_timestamp() t"
    ).fetchone()
    assert row is not None
    return Now(*row)


def exists(connection: Connection, key: SourceKey) -> bool:
    """Return whether the ledger has a line of this key."""
    row = connection.execute(
        "SELECT FROM loyalty_movement WHERE system = %s AND id = %s",
        [key.system, key.id],
    ).fetchone()
    return row is not None


def add(
    connection: Connection,
    key: SourceKey,
    movement: LoyaltyMovement,
    *,
    record_id: int,
    seen: Now,
) -> bool:
    """Add a line to the ledger; return False if another one stands under its key.

    The line goes out on its system's topic too, so that the log of changes stays
    whole; there it is a repeat, which changes nothing but calls the resolver.
    """
    change = MovementChange(
        op=Op.CREATE,
        key=key,
        position=(seen.position,),
        after=movement,
        source=Source(connector="api", table=_SOURCE, ts_ms=seen.position // 1000),
        ts_ms=seen.position // 1000,
    )
    inserted = facts.insert_movements(
        connection, [change], record_ids={movement.account: record_id}
    )
    if inserted.new:
        dirty.mark(connection, [(record_id, False)])
        outbox.append_change(connection, change)
    return not inserted.differing


def lines_of(
    connection: Connection, customer_id: UUID
) -> dict[tuple[str, str], list[Line]]:
    """Return the counted ledger lines of a customer by programme and unit."""
    rows = connection.execute(
        "SELECT m.programme, m.unit, m.at, m.system, m.id, m.amount, m.expires_on,"
        " m.kind, m.order_key"
        " FROM label l JOIN loyalty_movement m ON m.customer_record_id = l.record_id"
        f" WHERE l.customer_id = %s AND {COUNTED}",
        [customer_id],
    )
    found: dict[tuple[str, str], list[Line]] = {}
    for programme, unit, *line in rows:
        found.setdefault((programme, unit), []).append(Line(*line))
    return found


_PAGE = page_query(
    """SELECT m.system, m.id, m.at, m.programme, m.unit,
        trim_scale(m.amount)::text AS amount, m.kind, m.order_key, m.expires_on,
        m.confirms, s.system || ':' || s.id AS account FROM label l
    JOIN loyalty_movement m ON m.customer_record_id = l.record_id
    JOIN source_record s ON s.record_id = l.record_id
    WHERE l.customer_id = %(customer_id)s AND (%(at)s::timestamptz IS NULL
        OR (m.at, m.system, m.id) < (%(at)s::timestamptz, %(system)s, %(id)s))
    ORDER BY m.at DESC, m.system DESC, m.id DESC LIMIT %(limit)s"""
)


def page(
    connection: Connection, customer_id: UUID, *, after: Place | None, limit: int
) -> StoredPage | None:
    """Return a customer's movements after a place, newest first."""
    at, system, id_ = after or (None, "", "")
    values = {"customer_id": customer_id, "limit": limit + 1}
    return read_page(
        connection, _PAGE, {**values, "at": at, "system": system, "id": id_}
    )
