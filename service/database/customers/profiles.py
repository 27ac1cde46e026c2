"""The finished profile documents: one row each, read as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.sources.system_freshness import FRESHNESS
from service.domain.contact_keys import ContactKind


class StoredProfile(NamedTuple):
    """What stands under a customer id; `document` is None if the caller knows it."""

    retired_into: UUID | None
    exists: bool
    version: int
    document: bytes | None
    freshness: bytes


class Found(NamedTuple):
    """The customers of one page of a look-up, in order of their ids."""

    documents: list[tuple[UUID, bytes]]
    freshness: bytes


_BY_ID = f"""
SELECT c.retired_into, c.profile IS NOT NULL, c.version,
    CASE WHEN c.version IS DISTINCT FROM %(known)s THEN c.profile END,
    CASE WHEN c.version IS DISTINCT FROM %(known)s THEN {FRESHNESS} END
FROM customer c WHERE c.customer_id = %(customer_id)s
"""


def by_id(
    connection: Connection, customer_id: UUID, *, known: int | None = None
) -> StoredProfile | None:
    """Return what stands under the id; no document for the version already known."""
    row = connection.execute(
        _BY_ID, {"customer_id": customer_id, "known": known}, binary=True
    ).fetchone()
    if row is None:
        return None
    return StoredProfile(row[0], row[1], row[2], row[3], (row[4] or "").encode())


def survivor(connection: Connection, retired_id: UUID) -> UUID | None:
    """Return the id that answers for a retired one, however often it moved on."""
    row = connection.execute(
        "WITH RECURSIVE line AS ("
        " SELECT customer_id, retired_into FROM customer WHERE customer_id = %s"
        " UNION SELECT c.customer_id, c.retired_into FROM customer c"
        " JOIN line ON c.customer_id = line.retired_into)"
        " SELECT customer_id FROM line WHERE retired_into IS NULL",
        [retired_id],
    ).fetchone()
    return row[0] if row else None


_FOUND = f"""
SELECT f.freshness, p.customer_id, p.profile FROM (SELECT {FRESHNESS} AS freshness) f
LEFT JOIN (SELECT c.customer_id, c.profile FROM customer c WHERE c.customer_id IN
    (WHO) AND c.profile IS NOT NULL
    AND (%(after)s::uuid IS NULL OR c.customer_id > %(after)s::uuid)
    ORDER BY c.customer_id LIMIT %(limit)s) p ON true ORDER BY p.customer_id
"""
_BY_SOURCE_KEY = _FOUND.replace(
    "WHO",
    "SELECT l.customer_id FROM source_record s JOIN label l USING (record_id)"
    " WHERE s.system = %(system)s AND s.id = %(id)s",
)
_BY_CONTACT = _FOUND.replace(
    "WHO",
    "SELECT k.customer_id FROM contact_key k"
    " WHERE k.kind = %(kind)s AND k.value = %(value)s",
)


def by_source_key(connection: Connection, key: SourceKey) -> Found:
    """Return the customer a source key belongs to."""
    values = {"system": key.system, "id": key.id, "after": None, "limit": 1}
    return _found(connection, _BY_SOURCE_KEY, values)


def by_contact(
    connection: Connection,
    kind: ContactKind,
    value: str,
    *,
    after: UUID | None,
    limit: int,
) -> Found:
    """Return the customers who share a contact key, those after an id first."""
    values = {"kind": kind, "value": value, "after": after, "limit": limit}
    return _found(connection, _BY_CONTACT, values)


def _found(connection: Connection, query: str, values: Mapping[str, Any]) -> Found:
    rows = connection.execute(query, values, binary=True).fetchall()
    documents = [(row[1], row[2]) for row in rows if row[1] is not None]
    return Found(documents, rows[0][0].encode())
