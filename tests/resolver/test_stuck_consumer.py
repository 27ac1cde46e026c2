"""A consumer that no answer reaches is replaced, and a stuck group dissolved."""

from __future__ import annotations

import time
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import KafkaConsumer
from kafka.structs import MemberState

from service.database.connection.session import Connection
from service.local.servers import EmbeddedBroker
from service.resolver.consumer import SourceConsumer, patience_with
from tests.resolver.test_consumer import TOPIC, WITHIN_S, publish, read


def test_a_consumer_that_no_longer_hears_of_new_topics_is_replaced(
    connection: Connection, own_broker: EmbeddedBroker
) -> None:
    deaf = SourceConsumer(
        own_broker.bootstrap, consumer="test", session_s=4, patience_s=12
    )
    try:
        deaf.poll(connection, limit=7)
        first = deaf._kafka
        first._cluster.close()  # ends its metadata loop, as a lost answer would
        publish(own_broker.bootstrap, 3)
        found = read(deaf, connection, 3)
    finally:
        deaf.close()

    assert deaf._kafka is not first
    assert [m.offset for m in found] == [0, 1, 2]


def test_a_group_that_lets_nobody_in_is_forgotten(
    connection: Connection, own_broker: EmbeddedBroker
) -> None:
    publish(own_broker.bootstrap, 3)
    left_in_the_middle_of_a_join(own_broker.bootstrap)

    source = SourceConsumer(
        own_broker.bootstrap, consumer="test", session_s=4, patience_s=2
    )
    try:
        found = read(source, connection, 3)
    finally:
        source.close()

    assert [m.offset for m in found] == [0, 1, 2]


def left_in_the_middle_of_a_join(bootstrap: str) -> None:
    """Two join the group; one leaves, and so does the other as it joins again."""
    options = {"group_id": "test", "session_timeout_ms": 4_000}
    two = [KafkaConsumer(bootstrap_servers=bootstrap, **options) for _ in range(2)]
    for one in two:
        one.subscribe([TOPIC])
    poll_until(two, MemberState.STABLE)
    two[0].close()
    poll_until(two[1:], MemberState.REBALANCING)
    two[1].close()


def poll_until(consumers: list[KafkaConsumer], state: MemberState) -> None:
    deadline = time.monotonic() + WITHIN_S
    while {one.group_metadata().state for one in consumers} != {state}:
        assert time.monotonic() < deadline, state
        for one in consumers:
            one.poll(timeout_ms=100)


@pytest.mark.parametrize(("session_s", "seconds"), [(4, 30), (10, 30), (60, 180)])
def test_a_consumer_outwaits_one_that_died(session_s: int, seconds: int) -> None:
    assert patience_with(session_s) == seconds


class SilentConsumer:
    """What kafka-python's consumer looks like while no answer comes."""

    _cluster = SimpleNamespace(_last_successful_refresh_ms=0)

    def group_metadata(self) -> Any:
        return SimpleNamespace(state=MemberState.UNJOINED)

    def poll(self, **_: Any) -> dict[Any, Any]:
        return {}

    def assignment(self) -> set[Any]:
        return set()

    def close(self, **_: Any) -> None: ...


def test_a_consumer_that_was_taken_in_vain_is_followed_by_one_with_more_time(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    taken: list[float] = []
    dissolved: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: now)
    monkeypatch.setattr("service.resolver.consumer.time", clock)

    def subscribed(self: SourceConsumer) -> SilentConsumer:
        taken.append(now)
        self._well_at = now
        return SilentConsumer()

    monkeypatch.setattr(SourceConsumer, "_subscribed", subscribed)
    monkeypatch.setattr(
        SourceConsumer, "_dissolve_group", lambda _: dissolved.append(now)
    )
    source = SourceConsumer("nowhere:9092", consumer="test", patience_s=10)
    while now < 500:
        source.poll(connection, limit=1)
        now += 1

    waited = [after - before for before, after in pairwise(taken)]
    assert waited == [11, 21, 41, 81, 101, 101, 101]
    assert dissolved == taken[2:]  # not at once: who is slow would be thrown out


def test_a_slow_start_is_not_taken_for_a_broker_that_is_silent(
    connection: Connection, own_broker: EmbeddedBroker
) -> None:
    opened = SourceConsumer(own_broker.bootstrap, consumer="test")
    try:
        first = opened._kafka
        opened._well_at -= 3_600  # a model was loaded meanwhile
        opened.poll(connection, limit=1)
        assert opened._kafka is first
    finally:
        opened.close()
