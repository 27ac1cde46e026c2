"""A value that too many records have finds nobody, whoever came first."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, cast

import psycopg
import pytest

from matching.model.hard_rules import NO_GUARDS
from matching.model.model_version import Model
from matching.scoring.scorer import Scorer
from schemas.change_event import ChangeEvent
from service.database.connection.session import Connection, connect
from service.database.sources import blocking_keys, source_records
from service.local.servers import EmbeddedPostgres
from service.resolver.micro_batch import Batch, ReceivedEvent
from service.resolver.resolve import ActiveModel, resolve
from service.resolver.store import publish
from service.resolver.worker import load_judge
from service.verification.audit import audit
from tests.resolver.deliveries import CONSUMER, Delivery, customer, message
from tests.resolver.fake_model import PlainModel, PlainScorer
from tests.resolver.test_histories import emptied, final_records, forget, links_in

MOST = 4
SHOP = "04 72 19 33 57"


class CrowdedModel(PlainModel):
    """Lets few records share a value."""

    guards = replace(NO_GUARDS, largest_block=MOST)

    def keys_by_hash(self, features: dict[str, Any]) -> dict[int, str]:
        return {int.from_bytes(key.encode()): key for key in self.keys(features)}


def crowded_judge() -> ActiveModel:
    return ActiveModel(cast(Model, CrowdedModel()), cast(Scorer, PlainScorer()))


def expected_links(events: Sequence[ChangeEvent]) -> set[Any]:
    """Return the links of all pairs that share a value of few enough records."""
    model, kept = CrowdedModel(), final_records(events)
    keys = sorted(kept)
    features = dict(enumerate(model.standardise([kept[key] for key in keys])))
    shared = {record: model.keys(values) for record, values in features.items()}
    crowd = Counter(key for found in shared.values() for key in found)
    living = {key for key, n in crowd.items() if n <= MOST}
    pairs = [
        p for p in combinations(features, 2) if shared[p[0]] & shared[p[1]] & living
    ]
    scored = PlainScorer().score(features, pairs)
    return {(frozenset({keys[p.a], keys[p.b]}), p.weight) for p in scored}


def lives(seed: int) -> list[list[ChangeEvent]]:
    """Return, a record, its states: values shared by about as many as may be."""
    chance, said = random.Random(seed), []
    for number in range(24):
        key, states = f"s{number % 3}:{number}", []
        for position in range(1, chance.randint(1, 4) + 1):
            fields: dict[str, Any] = {
                "given_name": f"Name{number % 3}",
                "emails": [f"{chance.randrange(5)}@x"],
                "phones": [f"06{chance.randrange(6)}"],
            }
            gone = chance.random() < 0.15
            states.append(customer(key, position, **({} if gone else fields)))
        said.append(states)
    return said


def shuffled(seed: int) -> list[ChangeEvent]:
    events = [event for states in lives(seed) for event in states]
    random.Random(seed).shuffle(events)
    return events


def suspended(connection: Connection) -> int:
    row = connection.execute("SELECT count(*) FROM suspended_key").fetchone()
    assert row
    return int(row[0])


@pytest.fixture
def opened(postgres: EmbeddedPostgres) -> Iterator[Connection]:
    with emptied(postgres, "blocks") as connection:
        yield connection


def test_any_order_and_batch_size_ends_with_the_links_of_the_final_records(
    opened: Connection,
) -> None:
    crossings = 0
    for seed in range(15):
        forget(opened)
        events = shuffled(seed)
        delivery, chance = Delivery(opened, crowded_judge()), random.Random(seed)
        rest = list(events)
        while rest:
            size = chance.choice((1, 3, 20))
            delivery(*rest[:size])
            del rest[:size]
        crossings += suspended(opened)

        assert links_in(opened) == expected_links(newest(events))
        assert opened.execute("SELECT count(*) FROM dirty").fetchone() == (0,)
    assert crossings


def newest(events: Sequence[ChangeEvent]) -> list[ChangeEvent]:
    """Return the events in the order of their positions, which is what counts."""
    return sorted(events, key=lambda event: event.position)


def deliver_share(url: str, events: list[ChangeEvent], seed: int) -> None:
    chance = random.Random(seed)
    with connect(url, autocommit=True) as connection:
        delivery = Delivery(connection, crowded_judge())
        while events:
            size = chance.randint(1, 5)
            messages = delivery.messages(events[:size])
            while True:
                try:
                    delivery.fold(messages)
                    break
                except psycopg.errors.DeadlockDetected:
                    continue
            events = events[size:]


def test_workers_that_cross_the_bound_at_once_end_with_the_same_links(
    opened: Connection, postgres: EmbeddedPostgres
) -> None:
    for seed in range(6):
        forget(opened)
        events = shuffled(seed)
        shares: dict[str, list[ChangeEvent]] = {}
        for event in events:
            shares.setdefault(event.key.system, []).append(event)
        url = postgres.url("blocks")
        threads = [
            threading.Thread(target=deliver_share, args=[url, share, seed])
            for share in shares.values()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        resolve(opened, Batch([], [], []), judge=crowded_judge(), consumer=CONSUMER)

        assert links_in(opened) == expected_links(newest(events))


def test_a_record_that_left_its_key_meanwhile_is_not_linked_by_a_suspended_one(
    opened: Connection, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    def person(key: str, position: int, **fields: Any) -> ChangeEvent:
        return customer(key, position, phones=["060"], **fields)

    crowd = [person(f"s0:{n}", 1, given_name="Ann") for n in range(MOST + 1)]
    anne = person("s1:1", 1, given_name="Anne", emails=["a@x"])
    same = person("s2:1", 1, given_name="Anne", emails=["a@x"])
    moved = person("s1:1", 2, given_name="Anne", emails=["b@x"])
    Delivery(opened, crowded_judge())(*crowd, anne)
    read = source_records.features

    def after_another_worker(*args: Any) -> Any:
        """Its candidates are read; now another worker moves one of them away."""
        monkeypatch.setattr(source_records, "features", read)
        with connect(postgres.url("blocks"), autocommit=True) as second:
            publish(second, decoded(moved), model=cast(Model, CrowdedModel()))
        return read(*args)

    monkeypatch.setattr(source_records, "features", after_another_worker)
    delivery = Delivery(opened, crowded_judge())
    delivery(same)
    delivery(moved)

    assert suspended(opened) == 1
    assert links_in(opened) == expected_links([*crowd, moved, same]) == set()


def decoded(event: ChangeEvent) -> list[ReceivedEvent]:
    return [ReceivedEvent(event, message(event, 0))]


def test_a_twin_that_does_not_renew_the_records_of_a_block_is_caught(
    opened: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking_keys, "_bump_versions", lambda *_, **__: [])
    wrong = 0
    for seed in range(3):
        forget(opened)
        events = shuffled(seed)
        delivery = Delivery(opened, crowded_judge())
        for event in events:
            delivery(event)
        wrong += links_in(opened) != expected_links(newest(events))

    assert wrong


def word(seed: int) -> str:
    return "".join(random.Random(seed).choices("abcdefghijklmnopqrstuvwxyz", k=9))


def test_five_thousand_records_of_one_phone_do_not_stall_the_stream(
    opened: Connection,
) -> None:
    judge = load_judge(opened)
    deliver = Delivery(opened, judge)
    for start in range(0, 5_000, 500):
        deliver(
            *(
                customer(
                    f"pos:{n}",
                    1,
                    given_name=word(n),
                    family_name=word(-n),
                    emails=[f"{word(n)}@{word(-n)}.fr"],
                    phones=[SHOP],
                )
                for n in range(start, start + 500)
            )
        )

    assert suspended(opened) == 1
    assert audit(opened, judge.model).differences == 0
