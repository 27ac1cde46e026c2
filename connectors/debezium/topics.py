"""Topics that Debezium in Kafka Connect writes, read as they are."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from connectors.contract import (
    Batch,
    CaptureRequest,
    Config,
    Kind,
    Note,
    Offset,
    Row,
    StopSource,
    Table,
)
from connectors.debezium.envelope import Change, NoEnvelope, change
from connectors.debezium.unavailable_values import PLACEHOLDER
from connectors.kafka.topic_reader import Message, Place, TopicReader
from connectors.mapping.columns import Need
from schemas.change_event import Op


class TopicsConfig(Config):
    """Which topics hold what of a database; JSON, with or without its schemas."""

    kind: Literal["debezium-topics"]
    topics: dict[str, str] = Field(
        min_length=1, description="table of the mapping file: topic of Kafka Connect"
    )
    kafka: str | None = Field(
        default=None, description="bootstrap servers, if not those of Couture"
    )
    batch_size: int = Field(default=2_048, ge=1, le=20_000)


class TopicsConnector:
    """Reads what Kafka Connect captured, from the start of the topics.

    The position of a change is its place in its topic, after the time (µs) at which
    the topics were last begun: a topic that was made anew counts from 0 again.
    """

    name = "debezium-topics"

    def __init__(
        self,
        config: TopicsConfig,
        tables: Mapping[str, Sequence[Need]],
        *,
        bootstrap: str,
    ) -> None:
        self._config = config
        self._bootstrap = config.kafka or bootstrap
        self._needs = tables
        self._table_of = {topic: table for table, topic in config.topics.items()}

    def check(self) -> None:
        """See that each mapped table has a topic and each topic is there."""
        for table in self._needs:
            if table not in self._config.topics:
                raise StopSource(
                    f"Table {table} of the mapping file has no topic.",
                    remedy="Name it under `topics` in the file of --config.",
                )
        with self._reader() as reader:
            for topic in self._table_of:
                if not reader.partitions(topic):
                    raise StopSource(
                        f"There is no topic {topic} at {self._bootstrap}.",
                        remedy="Correct `topics` or `kafka`, or start Kafka Connect.",
                    )

    def start_from(self, offset: Offset | None) -> Offset | None:
        """Return the offset if the topics go that far; raise StopSource if they were
        cut beyond it, because what was cut is lost."""
        if offset is None:
            return None
        wanted = _places(offset)
        with self._reader() as reader:
            starts, ends = reader.bounds(wanted)
        for place, number in wanted.items():
            if number > ends[place]:
                return None  # it was made anew
            if number < starts[place]:
                raise StopSource(
                    f"Messages of {place[0]} were removed before they were read.",
                    remedy="Let Debezium take a snapshot again (a signal), then start "
                    "with --resnapshot; give the topic a longer retention.",
                )
        return offset

    def remove(self) -> list[str]:
        """Let go of nothing: the source keeps nothing for us."""
        return []

    def discover(self) -> list[Table]:
        """Return the tables; only the messages of their topics know the columns."""
        return [Table(table) for table in self._config.topics]

    def snapshot(self) -> Iterator[Batch]:
        """Read the topics from their start to where they end now.

        It is never `whole`: a topic does not say what its table held before it began.
        """
        with self._reader() as reader:
            places = reader.places(self._table_of)
            starts, ends = reader.bounds(places)
            at = _At(time.time_ns() // 1000, dict(starts))
            total = sum(ends[place] - starts[place] for place in places)
            yield Batch(offset=at.offset(), snapshot=True, total=total)
            while any(at.places[place] < ends[place] for place in places):
                yield self._batch(reader, at, snapshot=True)

    def changes(self, after: Offset) -> Iterator[Batch]:
        """Follow the topics from an offset on."""
        at = _At(_since(after), _places(after))
        with self._reader() as reader:
            while True:
                yield self._batch(reader, at)

    def _batch(self, reader: TopicReader, at: _At, *, snapshot: bool = False) -> Batch:
        notes: list[Note] = []
        if grown := reader.follow(self._table_of, at.places):
            # A key that moves to a new partition has a smaller place there.
            at.since = max(at.since + 1, time.time_ns() // 1000)
            notes = [
                Note(f"Topic {topic} has more partitions.", "Nothing to do.")
                for topic in sorted(grown)
            ]
        messages = reader.poll(self._config.batch_size)
        rows = [row for one in messages for row in self._rows(one, at.since)]
        at.places |= {one.place: one.number + 1 for one in messages}
        notes += [note for one in messages for note in self._truncation(one)]
        return Batch(
            rows=rows,
            offset=at.offset() if messages or grown else None,
            snapshot=snapshot,
            notes=notes,
        )

    def _rows(self, message: Message, since: int) -> Iterator[Row]:
        table, position = self._table_of[message.place[0]], (since, message.number)
        try:
            found = change(message.key, message.value, only_rows=True)
        except NoEnvelope as problem:
            yield _unreadable(table, position, f"{problem}")
            return
        if found is None or found.is_truncation:
            return
        yield self._row(found, table, position)

    def _row(self, found: Change, table: str, position: tuple[int, ...]) -> Row:
        after = found.after or {}
        absent = {name for name, value in after.items() if value == PLACEHOLDER}
        kept = {name: value for name, value in after.items() if name not in absent}
        if found.op != Op.DELETE and any(
            need & absent and not need & kept.keys()
            for need in self._needs.get(table, ())
        ):
            # Its value would be taken for empty: it is set aside instead.
            return _unreadable(
                table,
                position,
                f"the log leaves out the large {', '.join(sorted(absent))}; "
                f"ALTER TABLE {table} REPLICA IDENTITY FULL",
            )
        return found.row(table, position=position, payload=kept)

    def _truncation(self, message: Message) -> Iterator[Note]:
        if b'"op":"t"' in (message.value or b"").replace(b" ", b""):
            yield Note(
                f"Table {self._table_of[message.place[0]]} was emptied (TRUNCATE), and "
                "its topic does not say which rows went.",
                "Have them deleted at the source row by row, or capture it once by "
                "`postgresql` or `mariadb` with --resnapshot.",
            )

    def _reader(self) -> TopicReader:
        return TopicReader(self._bootstrap)


@dataclass(slots=True)
class _At:
    """How far each partition is read, and when reading began, in µs."""

    since: int
    places: dict[Place, int]

    def offset(self) -> Offset:
        """Return it as JSON."""
        places = {f"{topic}:{n}": at for (topic, n), at in self.places.items()}
        return {"since": self.since, "places": dict(places)}


def _since(offset: Any) -> int:
    return int(offset["since"])


def _places(offset: Any) -> dict[Place, int]:
    found: dict[Place, int] = {}
    for name, at in offset["places"].items():
        topic, _, number = name.rpartition(":")
        found[topic, int(number)] = at
    return found


def _unreadable(table: str, position: tuple[int, ...], problem: str) -> Row:
    return Row(table, Op.READ, {}, position=position, problem=problem)


def _connector(config: TopicsConfig, request: CaptureRequest) -> TopicsConnector:
    return TopicsConnector(config, request.needs, bootstrap=request.bootstrap)


KIND = Kind(TopicsConnector.name, TopicsConfig, _connector)
