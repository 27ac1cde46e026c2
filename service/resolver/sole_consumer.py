"""Kafka as an only resolver reads it: every partition, without a consumer group."""

from __future__ import annotations

import re
import time

from kafka import KafkaConsumer, TopicPartition

from service.resolver.consumer import TOPICS, SourceConsumer

_TOPICS = re.compile(TOPICS)


class SoleConsumer(SourceConsumer):
    """The same for an only resolver: it takes every partition, without a group.

    A broker lets a group of one join again for every new topic, and the embedded one
    takes five to ten seconds for that. Here a new topic is read within about a second.
    Beside another resolver it is safe, as one of two batches finds its offset moved,
    and slow.
    """

    def _subscribed(self) -> KafkaConsumer:
        opened = self._opened(group=None)
        # all topics are asked for, as for a pattern, though none is assigned yet
        opened._cluster.need_all_topic_metadata = True
        opened._cluster.request_update()
        self._topic_ids: dict[TopicPartition, str] = {}
        self._well_at = time.monotonic()
        return opened

    def _is_joined(self) -> bool:
        return True  # there is nothing to join

    def _take_partitions(self) -> None:
        """Take the partitions there are, and place them all once one is new: what the
        next poll brings of the others is dropped with it, and must be read again."""
        found = {
            TopicPartition(topic, number): self.topic_id(topic)
            for topic in self._kafka._cluster.topics()
            if _TOPICS.fullmatch(topic)
            for number in self._kafka._cluster.partitions_for_topic(topic) or ()
        }
        if not found or found == self._topic_ids:
            return
        self._kafka.assign(list(found))
        self._unplaced.clear()
        self._unplaced.update(found)
        self._topic_ids = found
