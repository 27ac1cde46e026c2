"""Promise 2, 3 and 4 as properties: any delivery of a history ends as the batch would.

A history is repeated, reordered, cut into micro-batches, spread over workers and
interrupted between the steps; then pairs, weights, clusters and profiles are compared
with those of one clean batch over the final records.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.clustering.cluster import Link, cluster
from schemas.change_event import ChangeEvent, CustomerChange
from service.database.connection.session import Connection, connect
from service.local.servers import EmbeddedPostgres
from service.resolver import resolve as story
from service.resolver.micro_batch import Message
from tests.faults.scale import scaled
from tests.resolver.deliveries import (
    Delivery,
    clusters,
    customer,
    message,
    movement,
    profiles,
)
from tests.resolver.fake_model import PlainModel, PlainScorer, plain_judge

NAMES = ["Anne", "Bea"]
EMAILS = ["a@x.fr", "b@x.fr", "c@x.fr"]
PHONES = ["0611", "0622", "0633"]
KEYS = [f"{system}:{number}" for system in ("pos", "web") for number in range(4)]

people = st.fixed_dictionaries(
    {
        "given_name": st.sampled_from(NAMES),
        "emails": st.lists(st.sampled_from(EMAILS), max_size=2, unique=True),
        "phones": st.lists(st.sampled_from(PHONES), max_size=1),
    }
)
changes = st.lists(
    st.tuples(st.sampled_from(KEYS), st.one_of(people, people, people, st.none())),
    min_size=2,
    max_size=16,
)


class Died(BaseException):
    """A worker that stops between two steps."""


def history(said: Sequence[tuple[str, dict[str, Any] | None]]) -> list[ChangeEvent]:
    events: list[ChangeEvent] = []
    for position, (key, fields) in enumerate(said, start=1):
        events.append(customer(key, position, **(fields or {})))
        events.append(movement(f"{key}-m{position}", key, position))
    return events


def final_records(events: Sequence[ChangeEvent]) -> dict[str, Any]:
    latest: dict[str, CustomerChange] = {}
    for event in events:
        if isinstance(event, CustomerChange):
            latest[str(event.key)] = event
    return {key: e.after for key, e in latest.items() if e.after is not None}


def batch_of(events: Sequence[ChangeEvent]) -> tuple[set[Any], set[frozenset[str]]]:
    """Return links and clusters as one batch over the final records finds them."""
    model, records = PlainModel(), final_records(events)
    keys = sorted(records)
    features = dict(enumerate(model.standardise([records[key] for key in keys])))
    pairs = [
        pair
        for pair in combinations(features, 2)
        if model.shares_block(features[pair[0]], features[pair[1]])
    ]
    scored = PlainScorer().score(features, pairs)
    found = cluster(
        features,
        [Link(p.a, p.b, p.weight, p.probability) for p in scored],
        match=model.bands.match,
    )
    groups: dict[int, set[str]] = {}
    for record, label in found.cluster.items():
        groups.setdefault(label, set()).add(keys[record])
    links = {(frozenset({keys[p.a], keys[p.b]}), p.weight) for p in scored}
    return links, {frozenset(group) for group in groups.values()}


def links_in(connection: Connection) -> set[Any]:
    rows = connection.execute(
        "SELECT a.system || ':' || a.id, b.system || ':' || b.id, weight FROM link"
        " JOIN source_record a ON a.record_id = link.a"
        " JOIN source_record b ON b.record_id = link.b"
    )
    return {(frozenset({a, b}), weight) for a, b, weight in rows}


def emptied(server: EmbeddedPostgres, name: str) -> Connection:
    """Return a connection to an emptied database, made at its first use."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        if not admin.execute(known, [name]).fetchone():
            admin.execute(f"CREATE DATABASE {name} TEMPLATE template".encode())
    connection = connect(server.url(name), autocommit=True)
    forget(connection)
    return connection


def forget(connection: Connection) -> None:
    """Empty every table but those that say which model decides."""
    tables = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        " AND tablename NOT IN ('alembic_version', 'model_version')"
    ).fetchall()
    # cheaper than TRUNCATE, which makes new files for every table and index
    every = ";".join(f"DELETE FROM {name}" for (name,) in tables)
    connection.execute(every.encode())


def redelivered(random_: random.Random, log: list[Message]) -> list[Message]:
    """Return the log as connectors may write it: repeated and out of order."""
    repeats = random_.sample(log, k=len(log) // 2)
    shuffled = log + repeats
    random_.shuffle(shuffled)
    offsets: dict[str, int] = {}
    placed = []
    for one in shuffled:
        offset = offsets[one.topic] = offsets.get(one.topic, -1) + 1
        placed.append(one._replace(offset=offset))
    return placed


def deliver_with_crashes(
    delivery: Delivery,
    log: list[Message],
    *,
    random_: random.Random,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Deliver in random micro-batches; die between steps and be delivered again."""
    while log:
        size = random_.randint(1, 7)
        batch, log = log[:size], log[size:]
        step = random_.choice(["", "", "score_candidates", "relabel"])
        if step:
            with monkeypatch.context() as patch:
                patch.setattr(story, step, _dies)
                with pytest.raises(Died):
                    delivery.fold(batch)
        delivery.fold(batch)


def _dies(*_: object, **__: object) -> None:
    raise Died


@given(changes, st.integers(0, 2**32))
@settings(
    max_examples=scaled(30, 300),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_delivery_of_a_history_ends_as_one_clean_batch(
    postgres: EmbeddedPostgres,
    monkeypatch: pytest.MonkeyPatch,
    said: list[tuple[str, dict[str, Any] | None]],
    seed: int,
) -> None:
    events, random_ = history(said), random.Random(seed)
    topics = sorted({f"couture.source.{event.key.system}" for event in events})
    with emptied(postgres, "clean") as clean, emptied(postgres, "messy") as messy:
        Delivery(clean, plain_judge())(*events)
        delivery = Delivery(messy, plain_judge())
        delivery.messages(events)  # makes the topics known
        delivery.next = {(topic, 0): 0 for topic in topics}
        log = redelivered(random_, [message(event, 0) for event in events])
        deliver_with_crashes(delivery, log, random_=random_, monkeypatch=monkeypatch)
        links, expected = batch_of(events)

        assert clusters(messy) == clusters(clean) == expected
        assert links_in(messy) == links_in(clean) == links
        assert profiles(messy) == profiles(clean)
        assert messy.execute("SELECT count(*) FROM dirty").fetchone() == (0,)


@given(changes)
@settings(max_examples=25)
def test_one_by_one_and_all_at_once_give_the_same(
    postgres: EmbeddedPostgres, said: list[tuple[str, dict[str, Any] | None]]
) -> None:
    events = history(said)
    with emptied(postgres, "clean") as clean, emptied(postgres, "messy") as messy:
        Delivery(clean, plain_judge())(*events)
        delivery = Delivery(messy, plain_judge())
        for before, after in pairwise([0, *range(1, len(events) + 1)]):
            delivery(*events[before:after])

        assert clusters(messy) == clusters(clean)
        assert profiles(messy) == profiles(clean)
