"""Kafka offsets, committed in the transaction of the effects they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from service.database.connection.session import Connection
from service.errors import ServiceError


class Advance(NamedTuple):
    """One partition's step: from the expected next offset to the new one."""

    topic: str
    partition: int
    expected: int
    next_offset: int


class OffsetMoved(ServiceError):
    """Another worker owns the partition: forget the batch, read the offsets again."""

    retriable = True
    remedy = "Another resolver took the partition over; this one reads its place again."


class StoredOffset(NamedTuple):
    """Where a consumer goes on, and the topic identity it was reading."""

    next_offset: int
    topic_id: str | None


def read(
    connection: Connection, *, consumer: str
) -> Mapping[tuple[str, int], StoredOffset]:
    """Return the stored offsets by (topic, partition)."""
    rows = connection.execute(
        "SELECT topic, partition, next_offset, topic_id FROM stream_offset"
        " WHERE consumer = %s",
        [consumer],
    )
    return {(topic, part): StoredOffset(next_, id_) for topic, part, next_, id_ in rows}


def start(
    connection: Connection,
    *,
    consumer: str,
    topic: str,
    partition: int,
    stored: StoredOffset,
) -> None:
    """Store where reading starts (or starts again) in a partition."""
    connection.execute(
        "INSERT INTO stream_offset (consumer, topic, partition, next_offset, topic_id)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (consumer, topic, partition)"
        " DO UPDATE SET next_offset = excluded.next_offset,"
        "   topic_id = excluded.topic_id",
        [consumer, topic, partition, stored.next_offset, stored.topic_id],
    )


def advance(connection: Connection, steps: Sequence[Advance], *, consumer: str) -> None:
    """Move the offsets on; raise OffsetMoved if one is not where it was left."""
    for step in sorted(steps):
        moved = connection.execute(
            "UPDATE stream_offset SET next_offset = %s WHERE consumer = %s"
            " AND topic = %s AND partition = %s AND next_offset = %s",
            [step.next_offset, consumer, step.topic, step.partition, step.expected],
        )
        if moved.rowcount != 1:
            place = f"{step.topic}[{step.partition}]"
            raise OffsetMoved(f"The offset of {place} is not {step.expected}.")
