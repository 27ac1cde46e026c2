"""With the model that decides: any order of arrival ends as Splink's batch does."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

from matching.model.model_version import Model
from service.database.connection.session import Connection
from service.local.servers import EmbeddedPostgres
from service.resolver.worker import load_judge
from service.verification.audit import audit
from tests.faults.scale import scaled
from tests.resolver.orders import (
    RECORDS,
    by_splink_alone,
    ending_otherwise,
    run,
    simulated,
)
from tests.resolver.test_histories import emptied

ORDERS = scaled(16, 200)
AT_ONCE = min(os.cpu_count() or 1, 8)


@pytest.fixture
def opened(postgres: EmbeddedPostgres) -> Iterator[Connection]:
    with emptied(postgres, "orders") as connection:
        yield connection


def test_orders_of_500_records_end_as_splinks_batch_bit_by_bit(
    postgres: EmbeddedPostgres,
) -> None:
    names = [f"orders_{number}" for number in range(AT_ONCE)]
    for name in names:
        emptied(postgres, name).close()
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(AT_ONCE, mp_context=fresh) as processes:
        shares = [range(number, ORDERS, AT_ONCE) for number in range(AT_ONCE)]
        wrong = processes.map(ending_otherwise, map(postgres.url, names), shares)

        assert [seed for share in wrong for seed in share] == []


def test_the_500_records_give_pairs_and_customers_worth_comparing() -> None:
    splinks = by_splink_alone(Model.load())

    assert len(splinks.pairs) > RECORDS / 2
    assert RECORDS / 4 < len(splinks.clusters) < RECORDS * 3 / 4


def test_one_record_at_a_time_ends_as_the_batch(opened: Connection) -> None:
    judge = load_judge(opened)
    run(opened, simulated()[:100], judge, [1] * 100)

    assert audit(opened, judge.model).differences == 0


def test_the_audit_names_what_was_planted(opened: Connection) -> None:
    judge = load_judge(opened)
    run(opened, simulated(), judge, [100] * 5)
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
