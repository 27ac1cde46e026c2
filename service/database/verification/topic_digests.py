"""What the tables hold, as digests to be compared with what stands on topics."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from schemas import wire
from schemas.change_event import Position, RecordKind
from service.database.connection.session import Connection
from service.database.connection.sql_arrays import uuids
from service.database.record_kinds import REPLACED_KINDS, TABLE_OF


class Held(NamedTuple):
    """The position at which a record or fact stands, and a digest of what it says."""

    position: Position
    digest: bytes | None


class Told(NamedTuple):
    """What `couture.customers` should say of a customer id."""

    customer_id: UUID
    version: int
    digest: bytes | None


def digest(record: Any) -> bytes | None:
    """Return the same bytes for the same JSON, whatever the order of its names."""
    if record is None:
        return None
    written = orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(written, digest_size=16).digest()


def part_name(key: str, table: str, row: str) -> str:
    """Return the name of a part of a record; of the record itself without a table."""
    return f"{key}, {table} {row}" if table else key


def held(connection: Connection, system: str) -> dict[tuple[str, str], Held]:
    """Return what is held of one system, by kind and key, and by part (part_name)."""
    found: dict[tuple[str, str], Held] = {}
    for kind in REPLACED_KINDS:
        with connection.cursor(name="held") as rows:
            rows.itersize = 20_000
            rows.execute(
                f"SELECT id, position, record FROM {TABLE_OF[kind]} WHERE system = %s"
                " AND position IS NOT NULL".encode(),
                [system],
            )
            for id_, position, record in rows:
                found[kind.value, f"{system}:{id_}"] = Held(
                    tuple(position), digest(record)
                )
    # once other tables add to a record, what its own says of it stands here alone
    for id_, table, row, position, record in connection.execute(
        "SELECT r.id, p.part_table, p.part_row, p.position, p.record"
        " FROM source_record_part p JOIN source_record r USING (record_id)"
        " WHERE p.system = %s",
        [system],
    ):
        key = part_name(f"{system}:{id_}", table, row)
        found[RecordKind.CUSTOMER.value, key] = Held(tuple(position), digest(record))
    for (id_,) in connection.execute(
        "SELECT id FROM loyalty_movement WHERE system = %s", [system]
    ):
        # a ledger line keeps the position at which it was first read: none is older
        found[RecordKind.MOVEMENT.value, f"{system}:{id_}"] = Held((2**63,), None)
    return found


def dead_places(connection: Connection) -> set[tuple[str, int, int]]:
    """Return the places of the messages that were set aside."""
    return set(
        connection.execute(
            'SELECT topic, partition, "offset" FROM dead_letter'
        ).fetchall()
    )


def told(
    connection: Connection, only: Collection[UUID] | None = None
) -> Iterator[Told]:
    """Yield what should have been told of every customer id, or of these alone."""
    query = "SELECT customer_id, version, decode(md5(profile), 'hex') FROM customer"
    if only is not None:
        query += " WHERE customer_id = ANY(%(only)s::uuid[])"
    with connection.cursor(name="told") as rows:
        rows.itersize = 20_000
        rows.execute(query.encode(), {"only": uuids(only or ())})
        for row in rows:
            yield Told(*row)


def waiting(connection: Connection) -> set[str]:
    """Return the customer ids of which the relay has still to tell."""
    rows = connection.execute(
        "SELECT convert_from(message_key, 'UTF8') FROM outbox WHERE topic = %s",
        [wire.CUSTOMERS_TOPIC],
    )
    return {row[0] for row in rows}
