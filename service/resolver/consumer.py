"""Kafka as the resolver reads it: partitions placed at the offsets PostgreSQL holds."""

from __future__ import annotations

import re
import time
from contextlib import closing
from typing import Any

import structlog
from kafka import (
    ConsumerRebalanceListener,
    KafkaAdminClient,
    KafkaConsumer,
    TopicPartition,
)
from kafka.errors import KafkaError, UnknownTopicOrPartitionError
from kafka.structs import MemberState

from schemas.wire import DEADLETTERS_TOPIC, SNAPSHOTS_TOPIC, SOURCE_TOPIC_PREFIX
from service.database.connection.session import Connection
from service.database.messages import offsets
from service.database.messages.offsets import StoredOffset
from service.resolver.micro_batch import Message
from service.runtime.kafka import BOOTSTRAP_MS, broker_errors

log = structlog.get_logger()

_OTHERS = "|".join(re.escape(name) for name in (SNAPSHOTS_TOPIC, DEADLETTERS_TOPIC))
TOPICS = f"^({re.escape(SOURCE_TOPIC_PREFIX)}[a-z0-9_]+|{_OTHERS})$"
"""Which topics a resolver reads, as a regular expression."""
_NEW_TOPICS_AFTER_MS = 1_000
_HEARTBEAT_MS = 1_000
_SESSION_S = 10
_FETCH_WAIT_MS = 100
_PATIENCE_S = 30.0
_MOST_PATIENCE = 10
_SESSIONS = 3


class SourceConsumer:
    """All source topics, what snapshots saw and what connectors set aside.

    PostgreSQL, not Kafka, holds the offsets. Whenever partitions are assigned, and
    whenever a batch failed, `place` puts the consumer where PostgreSQL says.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        consumer: str,
        patience_s: float | None = None,
        session_s: int = _SESSION_S,
        fetch_wait_ms: int = _FETCH_WAIT_MS,
    ) -> None:
        self._bootstrap = bootstrap
        self._session_s = session_s
        self._fetch_wait_ms = fetch_wait_ms
        self._name = consumer
        self._least_patience_s = patience_s or patience_with(session_s)
        self._patience_s = self._least_patience_s
        self._unplaced: set[TopicPartition] = set()
        self.expected: dict[tuple[str, int], int] = {}
        self._polled = False
        self._kafka = self._subscribed()

    def _subscribed(self) -> KafkaConsumer:
        opened = self._opened(group=self._name)
        opened.subscribe(pattern=TOPICS, listener=_Assignment(self._unplaced))
        self._well_at = time.monotonic()
        return opened

    def _opened(self, *, group: str | None) -> KafkaConsumer:
        with broker_errors(self._bootstrap):
            return KafkaConsumer(
                bootstrap_servers=self._bootstrap.split(","),
                group_id=group,
                bootstrap_timeout_ms=BOOTSTRAP_MS,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                heartbeat_interval_ms=min(_HEARTBEAT_MS, self._session_s * 250),
                session_timeout_ms=self._session_s * 1_000,
                metadata_max_age_ms=_NEW_TOPICS_AFTER_MS,
                fetch_max_wait_ms=self._fetch_wait_ms,
                max_partition_fetch_bytes=16 * 1024 * 1024,
            )

    def poll(self, connection: Connection, *, limit: int) -> list[Message]:
        """Return the next messages, none if there are none for some time."""
        self._start_again_if_stuck()
        self._take_partitions()
        polled = self._kafka.poll(timeout_ms=200, max_records=limit)
        if self._unplaced:
            # what came with the assignment was read from nowhere in particular
            self.place(connection, self._unplaced)
            return []
        messages = [_message(self, r) for records in polled.values() for r in records]
        if shorter := self._truncated(messages):
            self.place(connection, shorter, again=True)
            return []
        return messages

    def place(
        self,
        connection: Connection,
        partitions: set[TopicPartition] | None = None,
        *,
        again: bool = False,
    ) -> None:
        """Put partitions (all, if none are named) where the stored offsets say.

        A partition of another topic than was read, or one to be read `again`, starts
        at its beginning: guarded effects make that safe, and it is said.
        """
        assigned = self._kafka.assignment()
        places = assigned & partitions if partitions else assigned
        stored = offsets.read(connection, consumer=self._name)
        first = self._first_offsets(places)
        for place in sorted(places):
            start = StoredOffset(first[place], self.topic_id(place.topic))
            kept = stored.get((place.topic, place.partition))
            if kept is None or again or _topic_recreated(place, kept, start):
                kept = start
                offsets.start(
                    connection,
                    consumer=self._name,
                    topic=place.topic,
                    partition=place.partition,
                    stored=start,
                )
            self._kafka.seek(place, kept.next_offset)
            self.expected[place.topic, place.partition] = kept.next_offset
        self._unplaced.difference_update(places)

    def _first_offsets(self, places: set[TopicPartition]) -> dict[TopicPartition, int]:
        try:
            found: dict[TopicPartition, int] = (
                self._kafka.beginning_offsets(list(places)) if places else {}
            )
        except KeyError as error:
            # so kafka-python says that the broker has forgotten the topic
            raise UnknownTopicOrPartitionError(str(error)) from error
        return found

    def advanced(self, steps: list[offsets.Advance]) -> None:
        """Remember that a batch is committed."""
        for step in steps:
            self.expected[step.topic, step.partition] = step.next_offset

    def lag(self) -> dict[str, int]:
        """Return, by topic, how many messages of the assigned partitions wait."""
        waiting: dict[str, int] = {}
        for place in self._kafka.assignment():
            end = self._kafka.highwater(place)
            read = self.expected.get(tuple(place))
            if end is not None and read is not None:
                waiting[place.topic] = waiting.get(place.topic, 0) + max(0, end - read)
        return waiting

    def topic_id(self, topic: str) -> str:
        """Return what tells this topic from a later one of the same name."""
        return str(self._kafka._cluster.topic_id(topic) or "")

    def close(self) -> None:
        """Leave the group."""
        self._kafka.close(autocommit=False)

    def _start_again_if_stuck(self) -> None:
        """Take a new consumer if this one has long been without group or metadata.

        One answer that never comes is enough: kafka-python waits five minutes for that
        to a join, and no new topic is seen without metadata. Each time in vain the
        next one is given twice as long: a broker that is only slow would never see one
        join, and be kept busy by those that left.
        """
        now = time.monotonic()
        if not self._polled:
            # not yet asked: what came before (loading the model, say) is no silence
            self._polled, self._well_at = True, now
        joined = self._is_joined()
        known_at = self._kafka._cluster._last_successful_refresh_ms / 1_000
        if joined and now - known_at < self._patience_s:
            self._well_at, self._patience_s = now, self._least_patience_s
        elif now - self._well_at > self._patience_s:
            log.warning("the broker does not answer this consumer: taking a new one")
            if not joined and self._patience_s > self._least_patience_s:
                self._dissolve_group()
            most = _MOST_PATIENCE * self._least_patience_s
            self._patience_s = min(2 * self._patience_s, most)
            stuck, self._kafka = self._kafka, self._subscribed()
            stuck.close(autocommit=False, timeout_ms=5_000)

    def _dissolve_group(self) -> bool:
        """Have the broker forget the group, in which nobody was let in twice; return
        whether it did.

        Nothing is lost: PostgreSQL holds the offsets. Apache Kafka refuses while anyone
        is in it. Tansu 0.6 answers no join any more once a member left in the middle of
        one; whoever is in such a group joins anew.
        """
        try:
            admin = KafkaAdminClient(
                bootstrap_servers=self._bootstrap.split(","),
                bootstrap_timeout_ms=BOOTSTRAP_MS,
            )
            with closing(admin):
                answer = admin.delete_groups([self._name])[self._name]
        except KafkaError as error:
            answer = type(error).__name__
        log.warning("nobody is let into the group: to be forgotten", answer=answer)
        return bool(answer == "OK")

    def _is_joined(self) -> bool:
        return bool(self._kafka.group_metadata().state == MemberState.STABLE)

    def _take_partitions(self) -> None:
        """Go on with a join that outlasts one poll.

        kafka-python 3.0.12 forgets it where new topics were the reason: the broker's
        answer would never be read, and no partition ever assigned.
        """
        if self._kafka.group_metadata().state == MemberState.REBALANCING:
            self._kafka._coordinator.request_rejoin()

    def _truncated(self, messages: list[Message]) -> set[TopicPartition]:
        """Return the partitions whose log ends before what was read of it.

        Apache Kafka answers a fetch beyond the end by a reset, which shows as an
        offset before the expected one; Tansu by nothing, and its high watermark tells.
        """
        lost = {
            TopicPartition(message.topic, message.partition)
            for message in messages
            if message.offset < self.expected[message.topic, message.partition]
        }
        for place in self._kafka.assignment():
            end = self._kafka.highwater(place)
            if end is not None and end < self.expected.get(tuple(place), 0):
                lost.add(place)
        for place in sorted(lost):
            log.warning(
                "the log lost its tail: reading it again from its beginning",
                place=f"{place.topic}[{place.partition}]",
                offset=self.expected[tuple(place)],
                end=self._kafka.highwater(place),
            )
        return lost


def patience_with(session_s: int) -> float:
    """Return after how many seconds without group or metadata to take a new consumer.

    Joining waits until the broker misses who left without a word: a consumer taken anew
    before that is one more of these, and none would ever join.
    """
    return max(_PATIENCE_S, _SESSIONS * session_s)


class _Assignment(ConsumerRebalanceListener):  # type: ignore[misc]
    """Only notes what was assigned: asking the broker is for the poll loop."""

    def __init__(self, unplaced: set[TopicPartition]) -> None:
        self._unplaced = unplaced

    def on_partitions_assigned(self, assigned: Any) -> None:
        self._unplaced.update(assigned)

    def on_partitions_revoked(self, revoked: Any) -> None:
        self._unplaced.difference_update(revoked)


def _topic_recreated(
    place: TopicPartition, kept: StoredOffset, start: StoredOffset
) -> bool:
    """Say so, and return True, if the topic is not the one that was read."""
    both_known = bool(kept.topic_id and start.topic_id)
    created_anew = both_known and kept.topic_id != start.topic_id
    if not created_anew and start.next_offset <= kept.next_offset:
        return False
    log.warning(
        "the stored offset is not of this log: reading it from its beginning",
        place=f"{place.topic}[{place.partition}]",
        offset=kept.next_offset,
        first=start.next_offset,
        another_topic=created_anew,
    )
    return True


def _message(stream: SourceConsumer, record: Any) -> Message:
    return Message(
        record.topic,
        stream.topic_id(record.topic),
        record.partition,
        record.offset,
        record.key,
        record.value,
        list(record.headers),
    )
