"""Which component and customer each record belongs to; written only in relabel."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from schemas.source_key import SourceKey
from service.database.clusters import links
from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints, uuids

RELABEL_LOCK = 0x436F_7574  # "Cout": whoever writes labels holds this advisory lock


class Label(NamedTuple):
    """One record's place."""

    record_id: int
    component: int
    customer_id: UUID


def lock(connection: Connection) -> None:
    """Wait to be the only writer of labels until the transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [RELABEL_LOCK])


class Borne(NamedTuple):
    """The customer of a record, and the record's own key."""

    customer_id: UUID
    key: SourceKey


def customers_of(connection: Connection, record_ids: Iterable[int]) -> dict[int, Borne]:
    """Return the customers of these records; without those that have none yet."""
    ids = list(record_ids)
    if not ids:
        return {}
    rows = connection.execute(
        "SELECT record_id, customer_id, system, id FROM label"
        " JOIN source_record USING (record_id)"
        " WHERE record_id = ANY(%s::bigint[]) AND record IS NOT NULL",
        [bigints(ids)],
    )
    return {row[0]: Borne(row[1], SourceKey(row[2], row[3])) for row in rows}


def components_to_recheck(
    connection: Connection,
    *,
    columns: Sequence[str],
    size: int,
    decided: Iterable[int],
) -> list[int]:
    """Return the records of components that need a second look.

    Those of `size` records or more, of several customers, of customers that a decision
    joined, of decided records, and with several values of one of these features.
    """
    several = "".join(
        f" OR count(DISTINCT s.features->'{column}') > 1" for column in columns
    )
    rows = connection.execute(
        "WITH odd AS (SELECT component FROM label JOIN source_record s"
        "   USING (record_id) GROUP BY component HAVING count(*) >= %s"
        f"   OR count(DISTINCT customer_id) > 1{several})"
        " SELECT record_id FROM label WHERE component IN (SELECT component FROM odd)"
        " UNION SELECT record_id FROM label WHERE customer_id IN (SELECT customer_id"
        "   FROM label GROUP BY customer_id HAVING count(DISTINCT component) > 1)"
        " UNION SELECT record_id FROM label WHERE component IN (SELECT component"
        "   FROM label WHERE record_id = ANY(%s::bigint[]))",
        [size, bigints(decided)],
    )
    return [row[0] for row in rows]


def of_components_of(
    connection: Connection, record_ids: Sequence[int]
) -> dict[int, Label]:
    """Return the labels of all records in the components that these records are in."""
    rows = connection.execute(
        "SELECT record_id, component, customer_id FROM label WHERE component IN"
        " (SELECT component FROM label WHERE record_id = ANY(%s::bigint[]))",
        [bigints(record_ids)],
    )
    return {row[0]: Label(*row) for row in rows}


class WholeComponents(NamedTuple):
    """Records that cluster together, and the labels of those that have one."""

    record_ids: set[int]
    labels: dict[int, Label]


def whole_components(
    connection: Connection, record_ids: Collection[int]
) -> WholeComponents:
    """Return the records of all components that these are in, and these.

    Decisions *same* join components, so what they join is looked at together.
    """
    everyone = added = set(record_ids)
    found: dict[int, Label] = {}
    while added:
        found |= of_components_of(connection, list(added))
        everyone = everyone | found.keys()
        added = links.joined_by_decision(connection, list(everyone)) - everyone
        everyone = everyone | added
    return WholeComponents(everyone, found)


def write(connection: Connection, labels: Iterable[Label]) -> None:
    """Store new labels over the old ones."""
    rows = sorted(labels)
    if not rows:
        return
    connection.execute(
        "INSERT INTO label (record_id, component, customer_id)"
        " SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::uuid[])"
        " ON CONFLICT (record_id) DO UPDATE"
        " SET component = excluded.component, customer_id = excluded.customer_id",
        [
            bigints(row.record_id for row in rows),
            bigints(row.component for row in rows),
            uuids(row.customer_id for row in rows),
        ],
    )


def remove(connection: Connection, record_ids: Iterable[int]) -> None:
    """Forget the labels of records that no source holds any more."""
    ids = list(record_ids)
    if ids:
        connection.execute(
            "DELETE FROM label WHERE record_id = ANY(%s::bigint[])", [bigints(ids)]
        )
