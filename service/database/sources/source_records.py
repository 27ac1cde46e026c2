"""Source records: upsert behind the version fence, blocking keys, reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from psycopg.types.json import set_json_dumps, set_json_loads

from matching.model.hard_rules import CLUSTERED
from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints
from service.database.sources import blocking_keys

set_json_dumps(orjson.dumps)
set_json_loads(orjson.loads)


class NewState(NamedTuple):
    """What a customer change says of one record; a delete has no record."""

    key: SourceKey
    position: tuple[int, ...]
    record: dict[str, Any] | None
    raw: dict[str, Any] | None
    features: dict[str, Any] | None
    blocking_keys: list[int]
    source_at: datetime | None


class Stored(NamedTuple):
    """One record as relabel reads it."""

    record_id: int
    key: SourceKey
    record: dict[str, Any] | None
    source_at: datetime | None
    guarded: dict[str, Any]


_UPSERT = """
INSERT INTO source_record AS s (system, id, position, version, deleted, record, raw,
    features, blocking_keys, model, source_at)
SELECT n.system, n.id, n.position, 1, n.record IS NULL, n.record, n.raw,
    n.features, n.blocking_keys, %(model)s, n.source_at
FROM jsonb_to_recordset(%(rows)s::jsonb) AS n (system text, id text, position bigint[],
    record jsonb, raw jsonb, features jsonb, blocking_keys bigint[],
    source_at timestamptz)
ORDER BY n.system, n.id
ON CONFLICT (system, id) DO UPDATE SET
    position = excluded.position,
    version = s.version + (s.features IS DISTINCT FROM excluded.features
        OR s.model IS DISTINCT FROM excluded.model)::int,
    deleted = excluded.deleted, record = excluded.record, raw = excluded.raw,
    features = excluded.features, blocking_keys = excluded.blocking_keys,
    model = excluded.model, applied_at = now(), source_at = coalesce(
        excluded.source_at, CASE WHEN NOT s.deleted THEN s.source_at END)
WHERE s.position IS NULL OR {newer}
RETURNING new.record_id, new.version IS DISTINCT FROM old.version,
    coalesce(old.blocking_keys, '{{}}'), new.blocking_keys
"""
_NEWER = "s.position < excluded.position"
_CHANGED = """s.position <= excluded.position AND
    (s.position, s.deleted, s.record, s.raw, s.features, s.model) IS DISTINCT FROM
    (excluded.position, excluded.deleted, excluded.record, excluded.raw,
    excluded.features, excluded.model)"""
"""Of a record that is put together: its position is the greatest of its parts'."""


def upsert(
    connection: Connection,
    states: Sequence[NewState],
    *,
    model: str,
    assembled: bool = False,
) -> list[tuple[int, bool]]:
    """Store the states that are newer than what is stored.

    A state of which nobody knows when it came about, as of a row read in a snapshot,
    keeps the time that is known: it is as old as that at least.

    Returns the record ids that changed, each with whether its pairs must be scored
    again (its features changed). States must name each source key once. Those that are
    `assembled` of parts change the record wherever they differ from it.
    """
    if not states:
        return []
    rows = orjson.dumps([_row(state) for state in states]).decode()
    statement = _UPSERT.format(newer=_CHANGED if assembled else _NEWER)
    values = {"rows": rows, "model": model}
    changed = connection.execute(statement.encode(), values).fetchall()
    _write_key_difference(connection, changed)
    return [(record_id, rescore) for record_id, rescore, _, _ in changed]


def _row(state: NewState) -> dict[str, Any]:
    return {
        "system": state.key.system,
        "id": state.key.id,
        "position": state.position,
        "record": state.record,
        "raw": state.raw,
        "features": state.features,
        "blocking_keys": state.blocking_keys,
        "source_at": state.source_at,
    }


def _write_key_difference(
    connection: Connection, changed: Iterable[tuple[int, bool, list[int], list[int]]]
) -> None:
    """Most updates change 0 to 2 keys, so only the difference is written."""
    gone: list[tuple[int, int]] = []
    come: list[tuple[int, int]] = []
    for record_id, _, old, new in changed:
        gone += [(key, record_id) for key in set(old) - set(new)]
        come += [(key, record_id) for key in set(new) - set(old)]
    if gone:
        connection.execute(
            "DELETE FROM blocking_key b USING unnest(%s::bigint[], %s::bigint[])"
            " AS g (key, record_id) WHERE b.key = g.key AND b.record_id = g.record_id",
            _columns(gone),
        )
        blocking_keys.left(connection, {key for key, _ in gone})
    if come:
        connection.execute(
            "INSERT INTO blocking_key (key, record_id)"
            " SELECT * FROM unnest(%s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING",
            _columns(sorted(come)),
        )


def _columns(rows: list[tuple[int, int]]) -> tuple[str, str]:
    return bigints(row[0] for row in rows), bigints(row[1] for row in rows)


def ids_with_stubs(
    connection: Connection, keys: Iterable[SourceKey]
) -> dict[SourceKey, int]:
    """Return the record id of every key, after adding a stub where none is stored.

    The stub makes a fact and its customer's record meet on one row lock, so whichever
    commits second sees the other.
    """
    ordered = sorted(set(keys))
    if not ordered:
        return {}
    columns = [key.system for key in ordered], [key.id for key in ordered]
    connection.execute(
        "INSERT INTO source_record (system, id, position)"
        " SELECT *, NULL FROM unnest(%s::text[], %s::text[]) ON CONFLICT DO NOTHING",
        columns,
    )
    rows = connection.execute(
        "SELECT s.system, s.id, s.record_id FROM source_record s"
        " JOIN unnest(%s::text[], %s::text[]) AS k (system, id) USING (system, id)",
        columns,
    )
    return {SourceKey(system, id_): record_id for system, id_, record_id in rows}


def candidates(
    connection: Connection, record_ids: Sequence[int], *, most: int
) -> list[tuple[int, int, int]]:
    """Return (record, other, a key of both) for all that share a living blocking key.

    At most `most` others a key (0: no bound): if there are more, the key must be
    suspended first.
    """
    # CROSS JOIN LATERAL with a LIMIT keeps the plan on the key's index whatever the
    # statistics say.
    rows = connection.execute(
        "SELECT s.record_id, c.record_id, min(k.key)"
        " FROM unnest(%s::bigint[]) AS w (record_id)"
        " JOIN source_record s USING (record_id)"
        " CROSS JOIN LATERAL (SELECT key FROM unnest(s.blocking_keys) AS u (key)"
        f"   WHERE {blocking_keys.ACTIVE_KEY}) k"
        " CROSS JOIN LATERAL (SELECT b.record_id FROM blocking_key b"
        f"   WHERE b.key = k.key LIMIT {most + 1 if most else 1_000_000}) c"
        " WHERE c.record_id <> s.record_id GROUP BY 1, 2",
        [bigints(record_ids)],
    )
    return rows.fetchall()


def features(
    connection: Connection, record_ids: Collection[int]
) -> dict[int, tuple[int, str]]:
    """Return version and features, as JSON text, of records neither stub nor deleted.

    One row for all: a row each would cost more than what stands in it.
    """
    row = connection.execute(
        "SELECT string_agg(record_id::text, ' '), string_agg(version::text, ' '),"
        "   string_agg(features::text, e'\n') FROM source_record"
        " WHERE record_id = ANY(%s::bigint[]) AND features IS NOT NULL",
        [bigints(record_ids)],
    ).fetchone()
    if row is None or row[0] is None:
        return {}
    ids, versions = map(int, row[0].split()), map(int, row[1].split())
    # PostgreSQL writes a line break inside JSON text as an escape
    return dict(zip(ids, zip(versions, row[2].split("\n"), strict=True), strict=True))


def live(connection: Connection, record_ids: Sequence[int]) -> list[Stored]:
    """Return those of the records that a source still holds."""
    rows = connection.execute(
        f"SELECT record_id, system, id, record, source_at, {_GUARDED_SQL}"
        " FROM source_record WHERE record_id = ANY(%s::bigint[])"
        "   AND record IS NOT NULL ORDER BY record_id",
        [bigints(record_ids)],
    )
    return [
        Stored(record_id, SourceKey(system, id_), record, source_at, _known(guarded))
        for record_id, system, id_, record, source_at, *guarded in rows
    ]


_GUARDED_SQL = ", ".join(f"features->'{column}'" for column in CLUSTERED)


def _known(values: Sequence[Any]) -> dict[str, Any]:
    return {
        column: value
        for column, value in zip(CLUSTERED, values, strict=True)
        if value is not None
    }
