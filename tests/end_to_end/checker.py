"""The checker: what the sources hold against what the service made and told of it.

It reads rows, tables and topics, and none of the service's counters. It returns a list
of findings; an empty list is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from schemas import wire
from service.database.connection.session import Connection
from tests.end_to_end import check_sources, check_tables, check_topics
from tests.end_to_end.check_sources import Rows
from tests.end_to_end.check_topics import Message

TOPICS = (wire.SOURCE_TOPIC_PREFIX, wire.EVENTS_TOPIC, wire.CUSTOMERS_TOPIC)


@dataclass(frozen=True)
class Truth:
    """What must hold: the sources' rows, the members' points, what no log may show."""

    sources: Rows
    points: Mapping[str, int] = field(default_factory=dict)
    secrets: Sequence[str] = ()


@dataclass(frozen=True)
class Outside:
    """What the service left outside its tables: messages and logs."""

    messages: Sequence[Message]
    logs: Sequence[Path] = ()
    whole: bool = True
    """Whether the topic of events still holds all that was ever sent."""


def outside(bootstrap: str, directory: Path, *, whole: bool = True) -> Outside:
    """Return what a broker and a folder of logs hold now."""
    messages = check_topics.read_all(bootstrap, TOPICS)
    return Outside(messages, sorted(directory.rglob("*.log")), whole)


def findings(connection: Connection, truth: Truth, outside: Outside) -> list[str]:
    """Return everything that is not as it must be."""
    return list(iter_findings(connection, truth, outside))


def iter_findings(
    connection: Connection, truth: Truth, outside: Outside
) -> Iterator[str]:
    """Yield what is not as it must be; the batch, which takes longest, comes last."""
    source_messages = [
        m for m in outside.messages if m.topic.startswith(wire.SOURCE_TOPIC_PREFIX)
    ]
    yield from check_tables.rests(connection)
    yield from check_sources.differences(connection, truth.sources)
    yield from check_sources.points(connection, truth.sources, truth.points)
    yield from check_topics.captured(connection, source_messages)
    yield from check_tables.coverage(connection)
    yield from check_tables.profiles(connection)
    yield from check_topics.golden(connection, outside.messages)
    yield from spoken(outside.logs, truth.secrets)
    if outside.whole:
        yield from check_topics.told(connection, outside.messages)
    yield from check_tables.batch(connection)


def spoken(logs: Iterable[Path], secrets: Sequence[str]) -> list[str]:
    """Return every log that shows one of the values."""
    return [
        f"{log.name} shows {secret}"
        for log in logs
        for text in [log.read_text(errors="replace").casefold()]
        for secret in secrets
        if secret.casefold() in text
    ]
