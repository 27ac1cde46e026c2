"""With the model that decides: any order of arrival ends as Splink's batch does."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from schemas.change_event import ChangeEvent
from schemas.source_key import SourceKey
from service.audit import audit
from service.database.session import Connection
from service.demo.people import population, records
from service.embedded import EmbeddedPostgres
from service.resolver.resolve import Judge
from service.resolver.worker import load_judge
from tests.resolver.deliveries import Delivery, clusters, customer
from tests.resolver.test_histories import emptied
from tests.resolver.test_workers import empty

RECORDS = 500
ORDERS = 40
BATCHES = (1, 40, 170, 300)


@pytest.fixture
def opened(postgres: EmbeddedPostgres) -> Iterator[Connection]:
    with emptied(postgres, "orders") as connection:
        yield connection


@pytest.fixture(scope="module")
def simulated() -> list[ChangeEvent]:
    """500 records of the simulated retailer, families and twins among them."""
    everyone = records(population(RECORDS // 2, seed=5), 5)
    return [
        customer(str(SourceKey(one.system, one.id)), 1, **dict(one.record))
        for one, _ in zip(everyone, range(RECORDS), strict=False)
    ]


def run(
    connection: Connection, events: list[ChangeEvent], judge: Judge, size: int
) -> None:
    delivery = Delivery(connection, judge)
    for start in range(0, len(events), size):
        delivery(*events[start : start + size])


def test_any_order_of_500_records_ends_as_the_batch_pair_by_pair_and_bit_by_bit(
    opened: Connection, simulated: list[ChangeEvent]
) -> None:
    judge = load_judge(opened)
    seen = set()
    for seed in range(ORDERS):
        empty(opened)
        shuffled = random.Random(seed).sample(simulated, k=len(simulated))
        run(opened, shuffled, judge, random.Random(seed).choice(BATCHES[1:]))
        seen.add(frozenset(clusters(opened)))
        if seed % 10 == 0:
            report = audit(opened, judge.model)
            assert report.differences == 0, report
            assert report.pairs > RECORDS / 4

    assert len(seen) == 1


def test_one_record_at_a_time_ends_as_the_batch(
    opened: Connection, simulated: list[ChangeEvent]
) -> None:
    judge = load_judge(opened)
    run(opened, simulated, judge, 1)

    assert audit(opened, judge.model).differences == 0


def test_the_audit_names_what_was_planted(
    opened: Connection, simulated: list[ChangeEvent]
) -> None:
    judge = load_judge(opened)
    run(opened, simulated, judge, 100)
    opened.execute("DELETE FROM link WHERE (a, b) = (SELECT a, b FROM link LIMIT 1)")
    opened.execute(
        "UPDATE link SET weight = weight + 1e-12"
        " WHERE (a, b) = (SELECT max(a), max(b) FROM link GROUP BY a LIMIT 1)"
    )
    opened.execute(
        "UPDATE label SET customer_id = uuidv7(), component = -1"
        " WHERE record_id = (SELECT max(b) FROM link WHERE probability > 0.99)"
    )
    report = audit(opened, judge.model)

    assert report.missing_links.count == 1
    assert report.other_weights.count == 1
    assert report.other_customers.count >= 1
    assert report.other_components.count >= 1
