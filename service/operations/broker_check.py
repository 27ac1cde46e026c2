"""What a broker says of itself: topics, copies, ends of the source topics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kafka import KafkaAdminClient

from schemas import wire
from service.runtime.kafka import BOOTSTRAP_MS, broker_errors
from service.runtime.kafka_end_offsets import LogEnds


class Broker(NamedTuple):
    """What was found; `ends` by topic and partition of the source topics."""

    ends: Mapping[tuple[str, int], int]
    fewest_copies: int


def check_broker(bootstrap: str) -> Broker:
    """Return what the broker says; raise BrokerUnavailable."""
    with broker_errors(bootstrap):
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap.split(","), bootstrap_timeout_ms=BOOTSTRAP_MS
        )
        try:
            ours = sorted(n for n in admin.list_topics() if n.startswith("couture."))
            described = admin.describe_topics(ours) if ours else []
        finally:
            admin.close()
        with LogEnds(bootstrap) as log:
            places = [
                place
                for name in ours
                if name.startswith(wire.SOURCE_TOPIC_PREFIX)
                for place in log.partitions(name)
            ]
            ends = {tuple(place): end for place, end in log.of(places).items()}
    return Broker(ends, _copies(described))


def _copies(described: Any) -> int:
    found = [
        len(partition["replica_nodes"])
        for topic in described
        for partition in topic["partitions"]
    ]
    return min(found, default=1)
