"""Facts: stored under the source key they came with, behind the version fence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from schemas.change_event import FactChange, OrderChange, RecordKind
from schemas.facts import LoyaltyMovement
from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints
from service.database.facts.orders import order_record
from service.database.record_kinds import TABLE_OF

_AT = {
    RecordKind.ORDER: "placed_at",
    RecordKind.INTERACTION: "at",
    RecordKind.CONSENT: "at",
}

# A line that repeats another of the same account and amount counts nothing; one that
# names a line which is not there, or says something else, counts as itself.
COUNTED = """(m.confirms IS NULL OR NOT EXISTS (SELECT FROM loyalty_movement c
    WHERE (c.system, c.id) = (split_part(m.confirms, ':', 1),
        substr(m.confirms, strpos(m.confirms, ':') + 1))
    AND (c.system, c.id) <> (m.system, m.id) AND c.confirms IS NULL
    AND (c.customer_record_id, c.programme, c.unit, c.amount)
        = (m.customer_record_id, m.programme, m.unit, m.amount)))"""
"""The condition under which a ledger line `m` is part of a balance."""


def balances_query(owners: str) -> str:
    """Return the query of all balances: owner, programme, unit, amount.

    `owners` is a relation of (owner, record_id): whose the movements of a record are.
    """
    return (
        "SELECT l.owner, m.programme, m.unit, sum(m.amount) AS amount"
        f" FROM {owners} l"
        " JOIN loyalty_movement m ON m.customer_record_id = l.record_id"
        f" WHERE {COUNTED} GROUP BY 1, 2, 3"
    )


OF_CUSTOMER = (
    "(SELECT customer_id AS owner, record_id FROM label WHERE customer_id = %s)"
)
"""The records of one customer, as owners of `balances_query`."""
_OF_RECORDS = balances_query(
    "(SELECT r AS owner, r AS record_id FROM unnest(%s::bigint[]) r)"
)


class Inserted(NamedTuple):
    """What a batch of ledger lines did."""

    new: set[SourceKey]
    moved: set[int]
    """The records whose points moved."""
    differing: set[SourceKey]
    """Lines that stand with another content: a ledger never changes."""


class FactRow(NamedTuple):
    """One fact as a profile is built from it."""

    customer_record_id: int
    key: SourceKey
    record: dict[str, Any]


class BalanceRow(NamedTuple):
    """The sum of one source record's movements in one programme and unit."""

    customer_record_id: int
    programme: str
    unit: str
    amount: Decimal


def customer_key(change: FactChange) -> SourceKey | None:
    """Return the source key of the customer whom the fact is about, if it says so."""
    if change.after is None:
        return None
    if isinstance(change.after, LoyaltyMovement):
        return change.after.account
    return change.after.customer


def upsert(
    connection: Connection,
    kind: RecordKind,
    changes: Sequence[FactChange],
    *,
    record_ids: Mapping[SourceKey, int],
) -> set[int]:
    """Store the facts newer than what is stored; return the records whose facts moved.

    Changes must name each fact once, and be of one kind that may change.
    """
    table, at = TABLE_OF[kind], _AT[kind]
    rows = [_row(change, record_ids, at=at) for change in changes]
    status = isinstance(changes[0], OrderChange)
    extra, extra_type = ("status, ", "status text, ") if status else ("", "")
    set_status = "status = excluded.status, " if status else ""
    changed = connection.execute(
        f"INSERT INTO {table} AS f (system, id, position, deleted, customer_record_id,"
        f"   {extra}{at}, record, raw)"
        f" SELECT system, id, position, record IS NULL, customer_record_id,"
        f"   {extra}{at}, record, raw"
        f" FROM jsonb_to_recordset(%s::jsonb) AS n (system text, id text,"
        f"   position bigint[], customer_record_id bigint, {extra_type}"
        f"   {at} timestamptz, record jsonb, raw jsonb) ORDER BY system, id"
        f" ON CONFLICT (system, id) DO UPDATE SET position = excluded.position,"
        f"   deleted = excluded.deleted, {set_status}{at} = excluded.{at},"
        f"   customer_record_id ="
        f"     coalesce(excluded.customer_record_id, f.customer_record_id),"
        f"   record = excluded.record, raw = excluded.raw"
        f" WHERE f.position < excluded.position"
        f" RETURNING old.customer_record_id, new.customer_record_id",
        [orjson.dumps(rows).decode()],
    )
    return {id_ for pair in changed for id_ in pair if id_ is not None}


def _row(
    change: FactChange, record_ids: Mapping[SourceKey, int], *, at: str
) -> dict[str, Any]:
    record = change.after and change.after.model_dump(mode="json", exclude_none=True)
    key = customer_key(change)
    return {
        "system": change.key.system,
        "id": change.key.id,
        "position": change.position,
        "customer_record_id": record_ids[key] if key else None,
        "status": record and record.get("status"),
        at: record and record[at],
        "record": record,
        "raw": change.raw,
    }


def insert_movements(
    connection: Connection,
    changes: Sequence[FactChange],
    *,
    record_ids: Mapping[SourceKey, int],
) -> Inserted:
    """Store movements that are new; those that differ from what stands are refused."""
    rows = [_movement_row(change, record_ids) for change in changes]
    columns = (
        "(system text, id text, position bigint[], customer_record_id bigint,"
        " programme text, unit text, amount numeric, kind text, at timestamptz,"
        " order_key text, expires_on date, confirms text, raw jsonb)"
    )
    text = orjson.dumps(rows).decode()
    inserted = connection.execute(
        "INSERT INTO loyalty_movement (system, id, position, customer_record_id,"
        "   programme, unit, amount, kind, at, order_key, expires_on, confirms, raw)"
        f" SELECT n.* FROM jsonb_to_recordset(%s::jsonb) AS n {columns}"
        " ORDER BY system, id ON CONFLICT (system, id) DO NOTHING"
        " RETURNING system, id, customer_record_id",
        [text],
    ).fetchall()
    differing = connection.execute(
        f"SELECT n.system, n.id FROM jsonb_to_recordset(%s::jsonb) AS n {columns}"
        " JOIN loyalty_movement m ON (m.system, m.id) = (n.system, n.id)"
        " WHERE (m.customer_record_id, m.programme, m.unit, m.amount, m.kind)"
        "   IS DISTINCT FROM"
        "   (n.customer_record_id, n.programme, n.unit, n.amount, n.kind)",
        [text],
    )
    return Inserted(
        new={SourceKey(system, id_) for system, id_, _ in inserted},
        moved={record_id for _, _, record_id in inserted},
        differing={SourceKey(system, id_) for system, id_ in differing},
    )


def _movement_row(
    change: FactChange, record_ids: Mapping[SourceKey, int]
) -> dict[str, Any]:
    movement = change.after
    assert isinstance(movement, LoyaltyMovement)
    return {
        "system": change.key.system,
        "id": change.key.id,
        "position": change.position,
        "customer_record_id": record_ids[movement.account],
        "programme": movement.programme,
        "unit": movement.unit,
        "amount": str(movement.amount),
        "kind": movement.kind,
        "at": movement.at,
        "order_key": movement.order,
        "expires_on": movement.expires_on,
        "confirms": movement.confirms and str(movement.confirms),
        "raw": change.raw,
    }


def of_records(
    connection: Connection, kind: RecordKind, record_ids: Sequence[int]
) -> list[FactRow]:
    """Return the facts of one kind of these records, in order of their keys."""
    record = order_record("f") if kind is RecordKind.ORDER else "f.record"
    rows = connection.execute(
        f"SELECT customer_record_id, system, id, {record}"
        f" FROM {TABLE_OF[kind]} f WHERE customer_record_id = ANY(%s::bigint[])"
        "   AND NOT deleted ORDER BY system, id",
        [bigints(record_ids)],
    )
    return [FactRow(owner, SourceKey(sys, id_), rec) for owner, sys, id_, rec in rows]


def balances(connection: Connection, record_ids: Sequence[int]) -> list[BalanceRow]:
    """Return the sums of movements of each of these records."""
    rows = connection.execute(f"{_OF_RECORDS} ORDER BY 1, 2, 3", [bigints(record_ids)])
    return [BalanceRow(*row) for row in rows]
