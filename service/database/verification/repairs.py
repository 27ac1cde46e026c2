"""Statements of a repair: each undoes what no code of ours would have written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from schemas.change_event import RecordKind
from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints, uuids
from service.database.record_kinds import TABLE_OF


def forget_links(connection: Connection, pairs: Sequence[str]) -> None:
    """Remove links (`a b`) of records that no source holds."""
    ids = [[int(part) for part in pair.split()] for pair in pairs]
    connection.execute(
        "DELETE FROM link l USING unnest(%s::bigint[], %s::bigint[]) AS n (a, b)"
        " WHERE (l.a, l.b) = (n.a, n.b)",
        [bigints(one[0] for one in ids), bigints(one[1] for one in ids)],
    )


def forget_contact_keys(connection: Connection, ids: Collection[UUID]) -> None:
    """Remove the keys by which customers without a profile would be found."""
    connection.execute(
        "DELETE FROM contact_key WHERE customer_id = ANY(%s::uuid[])", [uuids(ids)]
    )


def write_history(connection: Connection, ids: Collection[UUID]) -> None:
    """Have the history of these versions say what the customers' profiles say."""
    connection.execute(
        "INSERT INTO profile_history (customer_id, version, profile, why)"
        " SELECT customer_id, version, profile, 'repaired' FROM customer"
        " WHERE customer_id = ANY(%s::uuid[]) ON CONFLICT (customer_id, version)"
        " DO UPDATE SET profile = excluded.profile",
        [uuids(ids)],
    )


def forget_positions(connection: Connection, names: Sequence[str]) -> None:
    """Let the next message of these be newer than what is held.

    They are named `kind system:id`, a part as topic_digests.part_name has it.
    """
    for name in names:
        kind, _, key = name.partition(" ")
        system, _, id_ = key.partition(":")
        table = TABLE_OF[RecordKind(kind)]
        connection.execute(
            f"UPDATE {table} SET position = '{{}}' WHERE system = %s AND id = %s",
            [system, id_],
        )
        if kind == RecordKind.CUSTOMER:
            connection.execute(
                "UPDATE source_record_part p SET position = '{}' FROM source_record r"
                " WHERE p.system = %s AND r.record_id = p.record_id AND %s = r.id ||"
                "   CASE WHEN part_table = '' THEN ''"
                "   ELSE ', ' || part_table || ' ' || part_row END",
                [system, id_],
            )


def read_from(
    connection: Connection, places: Mapping[tuple[str, int], int], *, consumer: str
) -> None:
    """Have the resolver read partitions again from an offset."""
    for (topic, partition), offset in places.items():
        connection.execute(
            "UPDATE stream_offset SET next_offset = least(next_offset, %s)"
            " WHERE consumer = %s AND topic = %s AND partition = %s",
            [offset, consumer, topic, partition],
        )
