"""The open cases are a function of the live state, however it came to be."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from matching.model.hard_rules import RULES, Guards, HardRule
from matching.model.model_version import Model
from matching.scoring.scorer import Scorer
from schemas.change_event import ChangeEvent
from schemas.source_key import SourceKey
from service.database.clusters import labels
from service.database.connection.session import Connection
from service.demo.population.people import population, records
from service.local.servers import EmbeddedPostgres
from service.resolver.resolve import ActiveModel
from service.resolver.reviews import every_case, rewrite_reviews
from service.verification.audit import audit
from tests.resolver.deliveries import Delivery, customer
from tests.resolver.test_histories import emptied, forget

ONE_LOYALTY_RECORD = HardRule(
    "two loyalty records", "source_key", pattern="loyalty:", strict=True
)
HOME: dict[str, Any] = {
    "family_name": "Bertholon",
    "phones": ["04 78 11 92 35"],
    "addresses": [
        {"street": "12 av. de la Gare", "postal_code": "69003", "city": "Lyon"}
    ],
}
MARC = {"given_name": "Marc", "emails": ["marc@bertholon.fr"], **HOME}


@pytest.fixture(scope="module")
def judge() -> ActiveModel:
    """The shipped model, for a retailer whose loyalty system holds nobody twice."""
    model = replace(Model.load(), guards=Guards(rules=(*RULES, ONE_LOYALTY_RECORD)))
    return ActiveModel(model, Scorer(model))


@pytest.fixture
def opened(postgres: EmbeddedPostgres) -> Iterator[Connection]:
    with emptied(postgres, "reviews") as connection:
        yield connection


def told(connection: Connection) -> set[tuple[Any, ...]]:
    """Return the stored cases, records by key."""
    rows = connection.execute(
        "SELECT kind, why, weight, ka.system || ka.id, kb.system || kb.id FROM review"
        " JOIN source_record ka ON ka.record_id = a"
        " JOIN source_record kb ON kb.record_id = b"
    )
    return {(k, w, b, frozenset(ends)) for k, w, b, *ends in rows}


def lives(seed: int) -> list[list[ChangeEvent]]:
    """Return what sources said of each record: some change twice, some go away."""
    chance, said = random.Random(seed), []
    everyone = list(records(population(90, seed=seed), seed))
    for one, other in pairwise(everyone):
        key = str(SourceKey(one.system, one.id))
        states = [dict(one.record)]
        if chance.random() < 0.2:  # someone else's details, then one's own again
            states = [dict(other.record), dict(one.record)]
        if chance.random() < 0.1:
            states.append({})
        said.append([customer(key, n, **s) for n, s in enumerate(states, start=1)])
    return said


def test_any_order_of_arrival_leaves_the_same_cases_and_those_of_a_recomputation(
    opened: Connection, judge: ActiveModel
) -> None:
    said, seen = lives(11), []
    for seed in range(4):
        forget(opened)
        chance = random.Random(seed)
        events = [event for record in said for event in record]
        chance.shuffle(events)
        delivery = Delivery(opened, judge)
        while events:
            size = chance.choice((1, 7, 60))
            delivery(*events[:size])
            del events[:size]
        seen.append(told(opened))
        stored = seen[-1]
        with opened.transaction():
            labels.lock(opened)
            assert rewrite_reviews(opened, model=judge.model) == len(stored)
        assert told(opened) == stored
        assert audit(opened, judge.model).differences == 0

    assert all(cases == seen[0] for cases in seen)
    assert {kind for kind, *_ in seen[0]} >= {"undecided", "refused"}


def test_a_refused_union_is_told_and_goes_with_its_cause(
    opened: Connection, judge: ActiveModel
) -> None:
    deliver = Delivery(opened, judge)
    deliver(
        customer("loyalty:1", 1, **MARC, birth_date="1961-03-12"),
        customer("loyalty:2", 1, **MARC, birth_date="1961-03-12"),
    )
    (case,) = told(opened)
    deliver(customer("loyalty:2", 2))

    assert case[:2] == ("refused", "two loyalty records")
    assert told(opened) == set()
    assert every_case(opened, model=judge.model) == []


def test_a_case_that_stays_keeps_its_id(opened: Connection, judge: ActiveModel) -> None:
    deliver = Delivery(opened, judge)
    first = customer("loyalty:1", 1, **MARC, birth_date="1961-03-12")
    deliver(first, customer("loyalty:2", 1, **MARC, birth_date="1961-03-12"))
    before = opened.execute("SELECT review_id FROM review").fetchall()
    deliver(customer("loyalty:2", 2, **MARC, birth_date="1961-03-12", language="fr"))

    assert opened.execute("SELECT review_id FROM review").fetchall() == before


def test_two_birth_dates_do_not_meet_through_a_record_without_one(
    opened: Connection, judge: ActiveModel
) -> None:
    deliver = Delivery(opened, judge)
    father = customer("pos:1", 1, **MARC, birth_date="1931-03-12")
    son = customer("pos:2", 1, **MARC, birth_date="1961-10-28")
    neither = customer("web:3", 1, **MARC)
    deliver(father, neither, son)
    apart = opened.execute(
        "SELECT count(DISTINCT customer_id), count(DISTINCT component) FROM label"
    ).fetchone()

    assert apart == (2, 1)
    assert {case[:2] for case in told(opened)} == {("refused", "two birth dates")}
