"""Customer ids and the profile each answers with; history and contact keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import orjson

from schemas import wire
from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints, uuids
from service.database.messages import outbox

PROFILE_SCHEMA = "profile/1"


class CustomerRow(NamedTuple):
    """One customer id as stored."""

    customer_id: UUID
    anchor: int | None
    retired_into: UUID | None
    version: int
    profile: bytes | None


class CustomerWrite(NamedTuple):
    """A customer id as it is to be stored, and why it changed."""

    customer_id: UUID
    anchor: int | None
    retired_into: UUID | None
    version: int
    profile: bytes | None
    why: str


def anchored_in(
    connection: Connection, record_ids: Sequence[int], also: Collection[UUID] = ()
) -> list[CustomerRow]:
    """Return the customer ids anchored in these records, and those named, oldest first.

    The ids are UUIDs of version 7: their order is the order of their minting.
    """
    rows = connection.execute(
        "SELECT customer_id, anchor, retired_into, version, profile FROM customer"
        " WHERE anchor = ANY(%s::bigint[]) OR customer_id = ANY(%s::uuid[])"
        " ORDER BY customer_id",
        [bigints(record_ids), uuids(also)],
    )
    return [CustomerRow(*row) for row in rows]


def new_ids(connection: Connection, count: int) -> list[UUID]:
    """Return fresh customer ids in rising order."""
    if not count:
        return []
    rows = connection.execute(
        "SELECT uuidv7() FROM generate_series(1, %s)", [count]
    ).fetchall()
    return sorted(row[0] for row in rows)


_WRITE = f"""
WITH n AS (
    SELECT customer_id, anchor, retired_into, version, why, headers,
        convert_to(profile, 'UTF8') AS profile
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (customer_id uuid, anchor bigint,
        retired_into uuid, version bigint, why text, headers jsonb, profile text)
), upserted AS (
    INSERT INTO customer (customer_id, anchor, retired_into, version, profile)
    SELECT customer_id, anchor, retired_into, version, profile FROM n
    ORDER BY customer_id
    ON CONFLICT (customer_id) DO UPDATE SET anchor = excluded.anchor,
        retired_into = excluded.retired_into, version = excluded.version,
        profile = excluded.profile, changed_at = now()
), closed AS (
    UPDATE profile_history h SET valid_to = now() FROM n
    WHERE h.customer_id = n.customer_id AND h.version = n.version - 1
), opened AS (
    INSERT INTO profile_history (customer_id, version, profile, why)
    SELECT customer_id, version, profile, why FROM n
)
{outbox.INSERT}
SELECT %(topic)s, convert_to(customer_id::text, 'UTF8'), profile, headers FROM n
ORDER BY customer_id
"""


def write(connection: Connection, customers: Collection[CustomerWrite]) -> None:
    """Store the customers, add each to its history and to what the relay publishes.

    One statement: a profile travels to PostgreSQL once.
    """
    rows = [
        {
            "customer_id": row.customer_id,
            "anchor": row.anchor,
            "retired_into": row.retired_into,
            "version": row.version,
            "why": row.why,
            "headers": {"schema": PROFILE_SCHEMA} if row.profile else {},
            "profile": row.profile.decode() if row.profile else None,
        }
        for row in customers
    ]
    if rows:
        text = orjson.dumps(rows).decode()
        connection.execute(_WRITE, {"rows": text, "topic": wire.CUSTOMERS_TOPIC})


def enqueue_all(connection: Connection) -> int:
    """Put the golden record of every customer id, gone ones too, into the outbox."""
    return connection.execute(
        f"{outbox.INSERT}"
        " SELECT %s, convert_to(customer_id::text, 'UTF8'), profile,"
        "   CASE WHEN profile IS NULL THEN '{}'::jsonb ELSE %s::jsonb END"
        " FROM customer ORDER BY customer_id",
        [wire.CUSTOMERS_TOPIC, orjson.dumps({"schema": PROFILE_SCHEMA}).decode()],
    ).rowcount


def tell_again(connection: Connection, ids: Collection[UUID]) -> None:
    """Have the relay tell of these customers; of an unknown one, that it is gone.

    The caller holds the labels' lock: nobody writes a newer golden record meanwhile.
    """
    schema = orjson.dumps({"schema": PROFILE_SCHEMA}).decode()
    connection.execute(
        f"{outbox.INSERT}"
        " SELECT %s, convert_to(n.id::text, 'UTF8'), c.profile,"
        "   CASE WHEN c.profile IS NULL THEN '{}'::jsonb ELSE %s::jsonb END"
        " FROM unnest(%s::uuid[]) AS n (id) LEFT JOIN customer c"
        " ON c.customer_id = n.id",
        [wire.CUSTOMERS_TOPIC, schema, uuids(ids)],
    )


def write_contact_keys(
    connection: Connection, contacts: Mapping[UUID, Iterable[tuple[str, str]]]
) -> None:
    """Make each customer found by exactly these (kind, value) keys."""
    if not contacts:
        return
    rows = sorted(
        (customer_id, kind, value)
        for customer_id, keys in contacts.items()
        for kind, value in keys
    )
    columns = [
        [row[1] for row in rows],
        [row[2] for row in rows],
        uuids(row[0] for row in rows),
    ]
    connection.execute(
        "DELETE FROM contact_key k WHERE customer_id = ANY(%s::uuid[]) AND NOT EXISTS ("
        " SELECT FROM unnest(%s::text[], %s::text[], %s::uuid[])"
        "   AS n (kind, value, customer_id) WHERE (n.kind, n.value, n.customer_id)"
        "   = (k.kind, k.value, k.customer_id))",
        [uuids(contacts), *columns],
    )
    connection.execute(
        "INSERT INTO contact_key (kind, value, customer_id)"
        " SELECT * FROM unnest(%s::text[], %s::text[], %s::uuid[])"
        " ON CONFLICT DO NOTHING",
        columns,
    )


def move_anchors(
    connection: Connection, anchors: Mapping[UUID, int], known: Iterable[CustomerRow]
) -> None:
    """Store the anchors that moved because their record is gone from its source."""
    moved = [
        (row.customer_id, anchors[row.customer_id])
        for row in known
        if anchors.get(row.customer_id, row.anchor) != row.anchor
    ]
    if moved:
        connection.execute(
            "UPDATE customer c SET anchor = n.anchor"
            " FROM unnest(%s::uuid[], %s::bigint[]) AS n (customer_id, anchor)"
            " WHERE c.customer_id = n.customer_id",
            [uuids(row[0] for row in moved), bigints(row[1] for row in moved)],
        )


def versions(connection: Connection, customer_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the version of each of these customer ids."""
    rows = connection.execute(
        "SELECT customer_id, version FROM customer WHERE customer_id = ANY(%s)",
        [list(customer_ids)],
    )
    return {row[0]: row[1] for row in rows}
