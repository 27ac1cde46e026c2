"""Removing one person from every table; the order of the statements is of no matter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from schemas import wire
from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.record_kinds import FACT_KINDS, TABLE_OF


class Person(NamedTuple):
    """All that is one person's: records, facts, ids, and where else they are named."""

    customer_ids: list[UUID]
    record_ids: list[int]
    record_keys: list[SourceKey]
    fact_keys: list[tuple[str, SourceKey]]
    records: list[dict[str, Any]]
    texts: list[str]


class StoredErasure(NamedTuple):
    """One erasure as it is proved."""

    erasure_id: UUID
    customer_id: UUID
    grounds: str
    erased_by: str
    erased_at: datetime
    receipt: str


_FACTS = {str(kind): TABLE_OF[kind] for kind in FACT_KINDS}
_BY_RECORD = {
    **dict.fromkeys(_FACTS.values(), "customer_record_id = ANY(%(records)s)"),
    "case_alert": "customer_record_id = ANY(%(records)s)",
    "blocking_key": "record_id = ANY(%(records)s)",
    "dirty": "record_id = ANY(%(records)s)",
    "label": "record_id = ANY(%(records)s)",
    "link": "a = ANY(%(records)s) OR b = ANY(%(records)s)",
    # also what was proposed of a case that has since closed by itself
    "proposed_decision": "review_id NOT IN (SELECT review_id FROM review WHERE"
    " a <> ALL(%(records)s) AND b <> ALL(%(records)s))",
    "review": "a = ANY(%(records)s) OR b = ANY(%(records)s)",
    "source_record": "record_id = ANY(%(records)s)",
    "source_record_part": "record_id = ANY(%(records)s)",
}
_NAMED = (
    "EXISTS (SELECT FROM unnest(%(bytes)s::bytea[]) AS t (said)"
    " WHERE position(t.said in {column}) > 0)"
)
_BY_OTHERS = {
    "contact_key": "customer_id = ANY(%(customers)s)",
    "handoff": "customer_id = ANY(%(customers)s) OR redeemed_as = ANY(%(customers)s)",
    "order_step": "(system, id) IN (SELECT * FROM unnest(%(fact_systems)s::text[],"
    " %(fact_ids)s::text[]))",
    "vanished_key": "id = ANY(%(fact_ids)s) OR id = ANY(%(record_key_ids)s)",
    "outbox": "message_key = ANY(%(keys)s) OR (topic = %(deadletters)s AND "
    + _NAMED.format(column="coalesce(message_value, '')")
    + ")",
    "answered_request": _NAMED.format(column="convert_to(answer::text, 'UTF8')"),
    "profile_history": "customer_id = ANY(%(customers)s)",
    "feed_event": "seq = ANY(%(told)s)",
}

_BLANKED = (
    "UPDATE dead_letter SET message_key = NULL, message_value = NULL,"
    " edited_value = NULL, message_headers = '{}' WHERE message_key = ANY(%(keys)s) OR "
    + _NAMED.format(column="coalesce(message_value, '')")
    + " OR "
    + _NAMED.format(column="coalesce(edited_value, '')")
)
_SHORTEST = 6
"""Characters from which on a value names a person wherever it stands."""


def person(connection: Connection, customer_id: UUID) -> Person | None:
    """Return all that is of this customer, or None if nobody has the id."""
    ids = _customer_ids(connection, customer_id)
    rows = connection.execute(
        "SELECT record_id, system, id, record FROM source_record"
        " JOIN label USING (record_id) WHERE customer_id = ANY(%s) ORDER BY record_id",
        [ids],
    ).fetchall()
    if not rows:
        return None
    record_ids = [row[0] for row in rows]
    return Person(
        ids,
        record_ids,
        [SourceKey(row[1], row[2]) for row in rows],
        facts_of(connection, record_ids),
        [row[3] for row in rows if row[3]],
        sorted({text for row in rows for text in _telling(row[3] or {})}),
    )


def _customer_ids(connection: Connection, customer_id: UUID) -> list[UUID]:
    """Return the survivor of an id and every id that retired into it."""
    rows = connection.execute(
        "WITH RECURSIVE up AS ("
        "   SELECT customer_id, retired_into FROM customer WHERE customer_id = %s"
        "   UNION SELECT c.customer_id, c.retired_into FROM customer c"
        "   JOIN up ON c.customer_id = up.retired_into),"
        " down AS (SELECT customer_id FROM up UNION"
        "   SELECT c.customer_id FROM customer c"
        "   JOIN down ON c.retired_into = down.customer_id)"
        " SELECT customer_id FROM down ORDER BY 1",
        [customer_id],
    )
    return [row[0] for row in rows]


def facts_of(
    connection: Connection, record_ids: Sequence[int]
) -> list[tuple[str, SourceKey]]:
    """Return kind and key of the facts of these records."""
    return [
        (kind, SourceKey(*row))
        for kind, table in _FACTS.items()
        for row in connection.execute(
            f"SELECT system, id FROM {table} WHERE customer_record_id = ANY(%s)"
            " ORDER BY system, id",
            [list(record_ids)],
        )
    ]


def _telling(record: dict[str, Any]) -> Iterable[str]:
    """Return the values that name this person wherever they are found."""
    for name in ("emails", "phones", "cards"):
        yield from record.get(name) or ()
    if record.get("national_id"):
        yield record["national_id"]


def neighbours(connection: Connection, record_ids: Sequence[int]) -> list[int]:
    """Return the other records of the same components: they are clustered anew."""
    rows = connection.execute(
        "SELECT DISTINCT o.record_id FROM label l JOIN label o USING (component)"
        " WHERE l.record_id = ANY(%(ids)s) AND o.record_id <> ALL(%(ids)s)",
        {"ids": list(record_ids)},
    )
    return [row[0] for row in rows]


def other_histories(connection: Connection, found: Person) -> list[tuple[UUID, int]]:
    """Return versions of other customers that held a record of this person once."""
    rows = connection.execute(
        "SELECT customer_id, version FROM profile_history"
        " WHERE customer_id <> ALL(%(customers)s) AND "
        + _NAMED.format(column="coalesce(profile, '')"),
        {
            "customers": found.customer_ids,
            "bytes": [f'"{key}"'.encode() for key in found.record_keys],
        },
    )
    return [(row[0], row[1]) for row in rows]


def events_of(connection: Connection, found: Person) -> list[int]:
    """Return the places in the feed of events that name the person's keys or ids."""
    rows = connection.execute(
        "SELECT seq FROM feed_event WHERE "
        + _NAMED.format(column="convert_to(event::text, 'UTF8')"),
        {
            "bytes": [
                *(f'"{key}"'.encode() for key in found.record_keys),
                *(str(one).encode() for one in found.customer_ids),
            ]
        },
    )
    return [row[0] for row in rows]


def remove(
    connection: Connection, found: Person, keys: list[bytes], told: Sequence[int]
) -> dict[str, int]:
    """Remove the person from every table, with the events `told` in the feed; return
    the rows removed, by table."""
    values = {
        "told": list(told),
        "records": found.record_ids,
        "customers": found.customer_ids,
        "fact_systems": [key.system for _, key in found.fact_keys],
        "fact_ids": [key.id for _, key in found.fact_keys],
        "record_key_ids": [key.id for key in found.record_keys],
        "keys": keys,
        "deadletters": wire.DEADLETTERS_TOPIC,
        "bytes": [
            text.encode()
            for text in (
                *(text for text in found.texts if len(text) >= _SHORTEST),
                *(f'"{key}"' for key in found.record_keys),
                *map(str, found.customer_ids),
            )
        ],
    }
    removed = {
        table: connection.execute(f"DELETE FROM {table} WHERE {where}", values).rowcount
        for table, where in (_BY_OTHERS | _BY_RECORD).items()
    }
    removed["dead_letter"] = connection.execute(_BLANKED, values).rowcount
    removed["customer"] = connection.execute(
        "UPDATE customer SET profile = NULL, retired_into = NULL, anchor = NULL,"
        " version = version + 1, changed_at = now() WHERE customer_id = ANY(%s)",
        [found.customer_ids],
    ).rowcount
    return {table: count for table, count in removed.items() if count}


def remove_reasons(connection: Connection, keys: Sequence[SourceKey]) -> None:
    """Blank what stewards wrote of these records; their decisions stand, by key."""
    connection.execute(
        "UPDATE decision d SET reason = NULL, revoke_reason = NULL"
        " FROM unnest(%s::text[], %s::text[]) AS k (system, id)"
        " WHERE (k.system, k.id) IN ((d.system_a, d.id_a), (d.system_b, d.id_b))",
        [[key.system for key in keys], [key.id for key in keys]],
    )


def remove_histories(
    connection: Connection, versions: Sequence[tuple[UUID, int]]
) -> None:
    """Blank these versions: that there was one, and why, stays."""
    connection.execute(
        "UPDATE profile_history h SET profile = NULL"
        " FROM unnest(%s::uuid[], %s::bigint[]) AS n (customer_id, version)"
        " WHERE (h.customer_id, h.version) = (n.customer_id, n.version)",
        [[one[0] for one in versions], [one[1] for one in versions]],
    )


def remove_stubs(connection: Connection, keys: Sequence[SourceKey]) -> list[int]:
    """Remove records known by their facts only, and these; return the record ids."""
    rows = connection.execute(
        "SELECT s.record_id FROM source_record s"
        " JOIN unnest(%s::text[], %s::text[]) AS k (system, id) USING (system, id)"
        " WHERE s.position IS NULL",
        [[key.system for key in keys], [key.id for key in keys]],
    ).fetchall()
    ids = [row[0] for row in rows]
    if ids:
        for table, where in _BY_RECORD.items():
            connection.execute(f"DELETE FROM {table} WHERE {where}", {"records": ids})
    return ids


def add(connection: Connection, erasure: StoredErasure) -> None:
    """Keep what proves an erasure."""
    connection.execute(
        "INSERT INTO erasure (erasure_id, customer_id, grounds, erased_by, erased_at,"
        " receipt) VALUES (%s, %s, %s, %s, %s, %s)",
        list(erasure),
    )


def by_customer(connection: Connection, customer_id: UUID) -> StoredErasure | None:
    """Return the latest erasure of a customer id, if there was one."""
    row = connection.execute(
        "SELECT erasure_id, customer_id, grounds, erased_by, erased_at, receipt"
        " FROM erasure WHERE customer_id = %s ORDER BY erased_at DESC LIMIT 1",
        [customer_id],
    ).fetchone()
    return StoredErasure(*row) if row else None
