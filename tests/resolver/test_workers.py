"""Several workers at once end as one batch would; twins without a safeguard do not."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from schemas.change_event import ChangeEvent
from service.database.clusters import links
from service.database.connection.session import Connection, connect
from service.database.sources import dirty, source_records
from service.local.servers import EmbeddedPostgres
from service.resolver import resolve as story
from service.resolver.micro_batch import Batch
from service.resolver.resolve import resolve
from service.resolver.store import Published
from tests.resolver.deliveries import CONSUMER, Delivery, clusters, customer, movement
from tests.resolver.fake_model import plain_judge
from tests.resolver.test_histories import batch_of, emptied, forget, links_in

WORKERS = 4


def events_of(seed: int, *, people: int = 12, changes: int = 60) -> list[ChangeEvent]:
    """Return changes of many records of few people, so that workers meet."""
    chance = random.Random(seed)
    events: list[ChangeEvent] = []
    for position in range(1, changes + 1):
        person = chance.randrange(people)
        key = f"s{chance.randrange(WORKERS)}:{chance.randrange(12)}"
        fields: dict[str, Any] = {
            "given_name": f"Name{person % 3}",
            "emails": [f"{person}@x.fr"],
            "phones": [f"06{person // 2:04}"],
        }
        events.append(
            customer(key, position, **(fields if chance.random() < 0.9 else {}))
        )
        events.append(movement(f"{key}-{position}", key, position))
    return events


def work(database_url: str, events: list[ChangeEvent], seed: int) -> None:
    """Deliver the events in small batches; a deadlock is tried again."""
    chance = random.Random(seed)
    with connect(database_url, autocommit=True) as connection:
        delivery = Delivery(connection, plain_judge())
        while events:
            size = chance.randint(1, 8)
            messages = delivery.messages(events[:size])
            while True:
                try:
                    delivery.fold(messages)
                    break
                except psycopg.errors.DeadlockDetected:
                    continue
            events = events[size:]


def run_together(database_url: str, events: list[ChangeEvent], seed: int) -> None:
    """Give each system's events, in order, to a worker of its own."""
    shares: dict[str, list[ChangeEvent]] = {}
    for event in events:
        shares.setdefault(event.key.system, []).append(event)
    failures: list[BaseException] = []

    def guarded(share: list[ChangeEvent]) -> None:
        try:
            work(database_url, share, seed)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=[s]) for s in shares.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    with connect(database_url, autocommit=True) as connection:
        resolve(connection, Batch([], [], []), judge=plain_judge(), consumer=CONSUMER)


@pytest.fixture
def together(postgres: EmbeddedPostgres) -> Iterator[Callable[..., bool]]:
    """Say whether a run of several workers ends as the batch does."""
    with emptied(postgres, "workers") as connection:

        def equals_batch(seed: int, *, late: bool = False) -> bool:
            forget(connection)
            events = events_of(seed)
            delivered = events[::-1] if late else events
            run_together(postgres.url("workers"), delivered, seed)
            expected_links, expected = batch_of(events)
            return (
                clusters(connection) == expected
                and links_in(connection) == expected_links
            )

        yield equals_batch


def test_four_workers_end_as_one_batch(together: Callable[..., bool]) -> None:
    assert all(together(seed) for seed in range(8))


def test_four_workers_that_read_every_change_late_end_as_one_batch(
    together: Callable[..., bool],
) -> None:
    assert all(together(seed, late=True) for seed in range(4))


def test_a_twin_that_looks_for_candidates_before_its_keys_are_committed_is_caught(
    together: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, find = story.publish, story.score_candidates

    def in_one_transaction(*args: Any, **kwargs: Any) -> Published:
        published = publish(*args, **kwargs)
        judge = plain_judge()
        find(args[0], published.record_ids, model=judge.model, scorer=judge.scorer)
        return published

    monkeypatch.setattr(story, "publish", in_one_transaction)

    assert not all(together(seed) for seed in range(40))


def test_a_twin_without_the_version_fence_is_caught(
    together: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert source_records._NEWER == "s.position < excluded.position"
    monkeypatch.setattr(source_records, "_NEWER", "true")

    assert not all(together(seed, late=True) for seed in range(10))


def test_a_twin_that_keeps_links_of_older_versions_is_caught(
    together: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "drop_stale", lambda *_: set())

    assert not all(together(seed) for seed in range(10))


def test_a_twin_that_relabels_outside_the_lock_is_caught(
    together: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story.labels, "lock", lambda _: None)

    def ends_well(seed: int) -> bool:
        try:
            return together(seed)
        except AssertionError:
            return False

    assert not all(ends_well(seed) for seed in range(40))


def test_a_fact_that_comes_while_a_record_is_scored_leaves_its_mark(
    connection: Connection,
) -> None:
    deliver = Delivery(connection, plain_judge())
    deliver(customer("pos:1", 1, given_name="Anne"))
    row = connection.execute("SELECT record_id FROM source_record").fetchone()
    assert row
    dirty.mark(connection, [(row[0], True)])

    being_scored = dirty.unscored(connection, row, orphans_after_s=30)
    dirty.mark(connection, [(row[0], False)])  # points are burned, say
    dirty.scored(connection, being_scored)

    assert [record for record, _ in dirty.ready(connection)] == [row[0]]
