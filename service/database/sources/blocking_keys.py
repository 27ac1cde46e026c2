"""Suspended blocking keys: a value that too many records have finds nobody.

A key of more than `most` live records finds no candidates, in batch and stream alike:
a function of the records there are. When a key passes the bound, either way, every
record under it gets a new version, so that its links are found anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints
from service.database.sources import dirty

ACTIVE_KEY = "key <> ALL (ARRAY(SELECT key FROM suspended_key))"
"""The condition on a key that may find candidates."""
_OVER = (
    "(SELECT count(*) FROM (SELECT FROM blocking_key b WHERE b.key = k.key"
    " LIMIT %(most)s + 1) few) > %(most)s"
)


def left(connection: Connection, keys: Iterable[int]) -> None:
    """Note that records left these blocks, in the transaction in which they do."""
    connection.execute(
        "UPDATE suspended_key SET recheck = true"
        " WHERE NOT recheck AND key = ANY(%s::bigint[])",
        [bigints(keys)],
    )


def keys_over_limit(
    connection: Connection, record_ids: Collection[int], *, most: int
) -> list[int]:
    """Return the keys to settle: of these records or left, and perhaps over the bound.

    `record_ids` are those with at least `most` candidates; others have no such key.
    """
    if not record_ids:
        rows = connection.execute("SELECT key FROM suspended_key WHERE recheck")
        return [row[0] for row in rows]
    rows = connection.execute(
        "SELECT k.key FROM (SELECT DISTINCT unnest(blocking_keys) AS key"
        "   FROM source_record WHERE record_id = ANY(%(ids)s::bigint[])) k"
        f" WHERE k.{ACTIVE_KEY} AND {_OVER}"
        " UNION SELECT key FROM suspended_key WHERE recheck",
        {"ids": bigints(record_ids), "most": most},
    )
    return [row[0] for row in rows]


def suspend(connection: Connection, keys: Collection[int], *, most: int) -> list[int]:
    """Suspend or restore these keys; return the records that must be scored again.

    The caller holds the model's lock alone, so that no one publishes or scores: what
    was scored before has a stale version now, what comes after sees the new state.
    """
    rows = connection.execute(
        f"SELECT k.key, {_OVER}, EXISTS (SELECT FROM suspended_key s"
        "   WHERE s.key = k.key) FROM unnest(%(keys)s::bigint[]) AS k (key)",
        {"keys": bigints(keys), "most": most},
    ).fetchall()
    suspend = [key for key, over, known in rows if over and not known]
    restore = [key for key, over, known in rows if known and not over]
    connection.execute(
        "INSERT INTO suspended_key (key) SELECT unnest(%s::bigint[])",
        [bigints(suspend)],
    )
    connection.execute(
        "DELETE FROM suspended_key WHERE key = ANY(%s::bigint[])", [bigints(restore)]
    )
    connection.execute(
        "UPDATE suspended_key SET recheck = false WHERE key = ANY(%s::bigint[])",
        [bigints(keys)],
    )
    return _bump_versions(connection, [*suspend, *restore])


def settle_all(connection: Connection, *, most: int, before: int) -> None:
    """Suspend every key over the bound, whatever put it there: a bulk load.

    Records from id `before` on have no links yet but those that came by the stream.
    The caller holds the model's lock alone.
    """
    if most:
        connection.execute(
            "CREATE TEMP TABLE over ON COMMIT DROP AS SELECT key FROM blocking_key"
            " GROUP BY key HAVING count(*) > %s",
            [most],
        )
        rows = connection.execute(
            "INSERT INTO suspended_key (key) SELECT key FROM over"
            " ON CONFLICT DO NOTHING RETURNING key"
        ).fetchall()
        _bump_versions(connection, [row[0] for row in rows], before=before)


def reset(connection: Connection, keys: Iterable[int]) -> None:
    """Make these the suspended keys, each to be looked at again: a new model."""
    connection.execute("DELETE FROM suspended_key")
    connection.execute(
        "INSERT INTO suspended_key (key, recheck)"
        " SELECT DISTINCT unnest(%s::bigint[]), true",
        [bigints(keys)],
    )


def suspended_keys(connection: Connection) -> set[int]:
    """Return the keys that find nobody; they stay while the model's lock is shared."""
    return {row[0] for row in connection.execute("SELECT key FROM suspended_key")}


def suspended(connection: Connection) -> list[tuple[int, int]]:
    """Return each suspended key with a record that has it."""
    rows = connection.execute(
        "SELECT key, (SELECT min(record_id) FROM blocking_key b WHERE b.key = s.key)"
        " FROM suspended_key s ORDER BY key"
    )
    return [(key, record_id) for key, record_id in rows if record_id is not None]


def _bump_versions(
    connection: Connection, keys: Collection[int], *, before: int | None = None
) -> list[int]:
    """Give every record under the keys a new version, to be scored again."""
    rows = connection.execute(
        "UPDATE source_record SET version = version + 1 WHERE record_id IN ("
        "   SELECT record_id FROM blocking_key WHERE key = ANY(%s::bigint[]))"
        " AND (%s::bigint IS NULL OR record_id < %s"
        "   OR EXISTS (SELECT FROM link WHERE a = record_id)"
        "   OR EXISTS (SELECT FROM link WHERE b = record_id)) RETURNING record_id",
        [bigints(keys), before, before],
    )
    renewed = sorted(row[0] for row in rows)
    dirty.mark(connection, ((record_id, True) for record_id in renewed))
    dirty.expire(connection, renewed)
    return renewed
