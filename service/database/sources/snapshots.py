"""What snapshots saw: their manifests, part by part, and what they did not see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson

from schemas.change_event import Position, RecordKind
from schemas.snapshot import DIGEST_BYTES, SnapshotManifest
from service.database.connection.session import Connection
from service.database.record_kinds import REPLACED_KINDS, TABLE_OF

_POSITION_PARTS = 6


def keep(connection: Connection, manifests: Iterable[SnapshotManifest]) -> None:
    """Store parts of manifests, each once however often it is redelivered."""
    for one in manifests:
        connection.execute(
            "INSERT INTO snapshot_part"
            ' (system, snapshot, number, "of", before, ends, unreadable, digests)'
            " SELECT %(system)s, %(snapshot)s, %(number)s, %(of)s, %(before)s::jsonb,"
            "   %(ends)s::jsonb, %(unreadable)s, %(digests)s"
            " WHERE NOT EXISTS (SELECT FROM sweep"
            "   WHERE (system, snapshot) = (%(system)s, %(snapshot)s))"
            " ON CONFLICT DO NOTHING",
            {
                **one.model_dump(exclude={"digests", "before", "ends"}),
                "before": orjson.dumps(one.model_dump(mode="json")["before"]).decode(),
                "ends": orjson.dumps(one.model_dump(mode="json")["ends"]).decode(),
                "digests": b"".join(one.seen()),
            },
        )


def complete(connection: Connection, *, consumer: str) -> list[tuple[str, str]]:
    """Return (system, snapshot) of the manifests whose parts are all there, once this
    consumer has resolved all that was published before them."""
    return connection.execute(
        "SELECT p.system, p.snapshot FROM snapshot_part p"
        ' GROUP BY p.system, p.snapshot HAVING count(*) = max(p."of")'
        " AND NOT EXISTS (SELECT FROM jsonb_each_text((array_agg(p.ends))[1]) e"
        "   LEFT JOIN stream_offset o ON o.consumer = %s"
        "     AND o.topic = 'couture.source.' || p.system"
        "     AND o.partition = e.key::int"
        "   WHERE coalesce(o.next_offset, 0) < e.value::bigint)"
        " ORDER BY max(p.arrived_at)",
        [consumer],
    ).fetchall()


def find_vanished(
    connection: Connection, sweep_id: int, system: str, snapshot: str
) -> tuple[int, int, int]:
    """Store what the snapshot did not see; return how many records are held, how many
    vanished, and how many rows the snapshot could not read."""
    before, unreadable = connection.execute(
        "SELECT before, unreadable FROM snapshot_part"
        " WHERE (system, snapshot) = (%s, %s) LIMIT 1",
        [system, snapshot],
    ).fetchall()[0]
    _load_seen(connection, system, snapshot)
    held = vanished = 0
    for kind, position in before.items():
        if kind not in REPLACED_KINDS:
            continue
        found = _vanished_of(connection, sweep_id, system, RecordKind(kind), position)
        held, vanished = held + found[0], vanished + found[1]
    connection.execute("DROP TABLE seen_key")
    _count(connection, sweep_id, held, vanished)
    connection.execute(
        "DELETE FROM snapshot_part WHERE (system, snapshot) = (%s, %s)",
        [system, snapshot],
    )
    return held, vanished, unreadable


def find_older(
    connection: Connection, sweep_id: int, system: str, *, before: Position
) -> tuple[int, int]:
    """Store the customer records of a system that came before a position, as what the
    sweep finds gone; return how many records are held, and how many of them are gone.
    """
    connection.execute("CREATE TEMP TABLE seen_key (digest bytea) ON COMMIT DROP")
    found = _vanished_of(connection, sweep_id, system, RecordKind.CUSTOMER, before)
    connection.execute("DROP TABLE seen_key")
    _count(connection, sweep_id, *found)
    return found


def _count(connection: Connection, sweep_id: int, held: int, vanished: int) -> None:
    connection.execute(
        "UPDATE sweep SET held_records = %s, vanished = %s WHERE sweep_id = %s",
        [held, vanished, sweep_id],
    )


def _load_seen(connection: Connection, system: str, snapshot: str) -> None:
    parts = connection.execute(
        "SELECT digests FROM snapshot_part WHERE (system, snapshot) = (%s, %s)",
        [system, snapshot],
    ).fetchall()
    connection.execute("CREATE TEMP TABLE seen_key (digest bytea) ON COMMIT DROP")
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY seen_key FROM STDIN (FORMAT BINARY)") as copy,
    ):
        for (digests,) in parts:
            for i in range(0, len(digests), DIGEST_BYTES):
                copy.write_row([digests[i : i + DIGEST_BYTES]])
    connection.execute("ANALYZE seen_key")


def _vanished_of(
    connection: Connection,
    sweep_id: int,
    system: str,
    kind: RecordKind,
    before: Sequence[int],
) -> tuple[int, int]:
    # gone just after the snapshot's position, and before any later change
    gone_at = [*before, 0] if len(before) < _POSITION_PARTS else [*before]
    live = _LIVE_CUSTOMERS if kind is RecordKind.CUSTOMER else _LIVE_FACTS
    values = {
        "sweep_id": sweep_id,
        "system": system,
        "kind": str(kind),
        "before": [*before],
        "gone_at": gone_at,
    }
    live = live.format(table=TABLE_OF[kind])
    vanished = connection.execute(
        (
            "INSERT INTO vanished_key (sweep_id, kind, id, part_table, part_row,"
            " position) SELECT %(sweep_id)s, %(kind)s, id, part_table, part_row,"
            f"   %(gone_at)s::bigint[] FROM ({live}) live"
            " WHERE position <= %(before)s::bigint[]"
            "   AND position < %(gone_at)s::bigint[]"
            f"   AND NOT EXISTS (SELECT FROM seen_key WHERE digest = {_DIGEST})"
        ).encode(),
        values,
    ).rowcount
    count = f"SELECT count(*) FROM ({live}) live"
    held = connection.execute(count.encode(), values).fetchall()[0][0]
    return held, vanished


_LIVE_FACTS = """
    SELECT id, '' AS part_table, '' AS part_row, position FROM {table}
    WHERE system = %(system)s AND NOT deleted AND position IS NOT NULL"""
# of a record that has parts each says for itself when it was last seen
_LIVE_CUSTOMERS = """
    SELECT id, '' AS part_table, '' AS part_row, position FROM {table} r
    WHERE system = %(system)s AND NOT deleted AND position IS NOT NULL
      AND NOT EXISTS (SELECT FROM source_record_part p
        WHERE p.system = %(system)s AND p.record_id = r.record_id)
    UNION ALL SELECT r.id, p.part_table, p.part_row, p.position
    FROM source_record_part p JOIN {table} r USING (record_id)
    WHERE p.system = %(system)s AND NOT p.deleted"""
_DIGEST = """substring(sha256(convert_to(%(kind)s || '/' || %(system)s || ':' || id
    || CASE WHEN part_table = '' THEN ''
       ELSE chr(31) || part_table || chr(31) || part_row END, 'UTF8')) FOR 8)"""
