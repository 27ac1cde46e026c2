"""What may never become one customer, whatever the order in which it came."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.clustering.cluster import Clustering, Link, cluster
from matching.clustering.guarded_clusters import STRONG_BRIDGE, WEAK_BRIDGE, cluster_by
from matching.features.similarity import near, one_keystroke
from matching.model.hard_rules import NO_GUARDS, RULES, Guards, HardRule
from matching.model.model_version import Model
from schemas.source_key import SourceKey
from tests.matching.clustering.test_cluster import RECORDS, Verdict, decision, pairs

FATHER, SON = "1931-03-12", "1961-10-28"
ONE_CARD = HardRule("two club cards", "cards", pattern="CLUB", strict=True)


def link(a: int, b: int, weight: float = 30.0) -> Link:
    return Link(a, b, weight, 0.99999)


def born(**dates: str) -> dict[int, dict[str, Any]]:
    """Return seven records, some with a birth date: `r1="1931-03-12"`."""
    known = {int(name[1:]): date for name, date in dates.items()}
    return {r: {"birth_date": known.get(r)} for r in range(1, 8)}


def groups(found: Clustering) -> set[frozenset[int]]:
    """Return the clusters of several records."""
    members: dict[int, set[int]] = {}
    for record, label in found.cluster.items():
        members.setdefault(label, set()).add(record)
    return {frozenset(group) for group in members.values() if len(group) > 1}


def guarded(model: Model, **guards: Any) -> Model:
    return replace(model, guards=replace(NO_GUARDS, **guards))


def test_two_birth_dates_do_not_meet_through_a_record_without_one(
    model: Model,
) -> None:
    chain = [link(1, 2, 30), link(2, 3, 29)]
    found = cluster_by(model, born(r1=FATHER, r3=SON), chain)

    assert groups(found) == {frozenset({1, 2})}
    assert [(r.a, r.b, r.why) for r in found.refused] == [(2, 3, "two birth dates")]
    assert found.component[1] == found.component[3]


@pytest.mark.parametrize(
    "mistyped", ["1931-03-21", "1913-03-12", "1931-12-03", "1931-03-02", "1931-08-12"]
)
def test_a_mistyped_birth_date_is_not_another_person(
    model: Model, mistyped: str
) -> None:
    chain = [link(1, 2), link(2, 3)]
    found = cluster_by(model, born(r1=FATHER, r3=mistyped), chain)

    assert groups(found) == {frozenset({1, 2, 3})}


def test_a_date_that_the_model_weighed_gives_way_but_is_told(model: Model) -> None:
    found = cluster_by(model, born(r1=FATHER, r3=SON), [link(1, 3)])

    assert groups(found) == {frozenset({1, 3})}
    assert [(r.a, r.b, r.why) for r in found.suspect] == [(1, 3, "two birth dates")]


def test_two_dates_that_two_records_each_support_are_two_people(model: Model) -> None:
    dates = born(r1=FATHER, r2=FATHER, r3=SON, r4=SON)
    found = cluster_by(model, dates, [link(1, 2), link(3, 4), link(2, 3, 20)])

    assert groups(found) == {frozenset({1, 2}), frozenset({3, 4})}


def test_a_steward_outranks_a_rule(model: Model) -> None:
    said = [decision(1, 3, Verdict.SAME)]
    found = cluster_by(
        model, born(r1=FATHER, r3=SON), [link(1, 2), link(2, 3, 20)], said
    )

    assert groups(found) == {frozenset({1, 2, 3})}
    assert (found.refused, found.suspect) == ([], [])


def test_a_rule_sleeps_where_its_values_are_often_wrong(model: Model) -> None:
    unsure = [
        compared
        if compared["output_column_name"] != "birth_date"
        else {
            **compared,
            "comparison_levels": [
                *compared["comparison_levels"][:-1],
                {**compared["comparison_levels"][-1], "m_probability": 0.3},
            ],
        }
        for compared in model.settings["comparisons"]
    ]
    sleepy = replace(model, settings={**model.settings, "comparisons": unsure})
    chain = [link(1, 2, 30), link(2, 3, 29)]
    found = cluster_by(sleepy, born(r1=FATHER, r3=SON), chain)

    assert groups(found) == {frozenset({1, 2, 3})}


def test_one_card_of_a_programme_a_person_where_the_rule_says_one(
    model: Model,
) -> None:
    strict = guarded(model, rules=(ONE_CARD,))
    cards: dict[int, Any] = {
        1: {"cards": ["CLUB1"]},
        2: {"cards": ["CLUB2"]},
        3: {"cards": ["CLUB1", "OTHER7"]},
        4: {"cards": ["OTHER8"]},
    }
    found = cluster_by(strict, cards, [link(1, 2), link(1, 3), link(3, 4)])

    assert groups(found) == {frozenset({1, 3, 4})}
    assert found.refused[0].why == "two club cards"


def test_a_system_that_holds_nobody_twice_keeps_its_records_apart(
    model: Model,
) -> None:
    rule = HardRule("two crm records", "source_key", pattern="crm:", strict=True)
    keys = {
        1: SourceKey("crm", "1"),
        2: SourceKey("crm", "2"),
        3: SourceKey("pos", "3"),
    }
    found = cluster_by(
        guarded(model, rules=(rule,)),
        {record: {} for record in keys},
        [link(1, 3, 30), link(2, 3, 20), link(1, 2, 10)],
        keys=keys,
    )

    assert groups(found) == {frozenset({1, 3})}


TWO_GROUPS = [link(a, b) for a, b in ((1, 2), (1, 3), (2, 3), (4, 5), (4, 6), (5, 6))]


@pytest.mark.parametrize(
    ("weight", "whole", "why"),
    [(14.0, False, WEAK_BRIDGE), (40.0, True, STRONG_BRIDGE)],
)
def test_a_weak_bridge_does_not_join_and_a_strong_one_is_told(
    model: Model, weight: float, whole: bool, why: str
) -> None:
    bridge = link(3, 4, weight)
    found = cluster_by(model, born(), [*TWO_GROUPS, bridge])
    told = found.suspect if whole else found.refused

    assert (len(groups(found)) == 1) is whole
    assert [(r.a, r.b, r.why) for r in told] == [(3, 4, why)]


def test_two_links_between_two_groups_are_no_bridge(model: Model) -> None:
    found = cluster_by(model, born(), [*TWO_GROUPS, link(3, 4, 14), link(2, 5, 14)])

    assert groups(found) == {frozenset(range(1, 7))}
    assert (found.refused, found.suspect) == ([], [])


def test_a_customer_has_no_more_records_than_the_guard_allows(model: Model) -> None:
    small = guarded(model, largest=3)
    found = cluster_by(small, born(), [link(a, a + 1, 40 - a) for a in range(1, 7)])

    assert max(map(len, groups(found))) == 3
    assert all(r.why == "more than 3 records" for r in found.refused)


@given(
    st.lists(st.tuples(pairs, st.sampled_from([12, 13, 30])), max_size=16),
    st.lists(st.sampled_from([None, FATHER, SON]), min_size=8, max_size=8),
    st.lists(st.tuples(pairs, st.sampled_from(list(Verdict))), max_size=3),
    st.permutations(range(1, 9)),
)
@settings(max_examples=150)
def test_neither_order_nor_ids_given_by_arrival_change_the_clusters(
    scored: list[tuple[tuple[int, int], int]],
    dates: list[str | None],
    said: list[tuple[tuple[int, int], Verdict]],
    arrival: list[int],
) -> None:
    """The same records under other ids, as another order of arrival gives them."""
    guards = Guards(rules=RULES, largest=5, bridge_side=2)
    model = replace(Model.load(), guards=guards)
    renamed = dict(zip(RECORDS, arrival, strict=True))
    links = [link(*pair, weight) for pair, weight in dict(scored).items()]
    decisions = [decision(a, b, v, day=day) for day, ((a, b), v) in enumerate(said)]

    def moved(pair: Any) -> Any:
        a, b = sorted((renamed[pair.a], renamed[pair.b]))
        return pair._replace(a=a, b=b)

    def names(found: Clustering, key_of: dict[int, int]) -> Any:
        inside = {frozenset(key_of[r] for r in group) for group in groups(found)}
        refused = {(key_of[r.a], key_of[r.b], r.why) for r in found.refused}
        return inside, {(frozenset(pair[:2]), pair[2]) for pair in refused}

    there = {new: old for old, new in renamed.items()}
    first = cluster_by(
        model,
        {r: {"birth_date": dates[r - 1]} for r in RECORDS},
        links,
        decisions,
        keys={r: SourceKey("pos", str(r)) for r in RECORDS},
    )
    again = cluster_by(
        model,
        {r: {"birth_date": dates[there[r] - 1]} for r in sorted(there)},
        [moved(one) for one in reversed(links)],
        [moved(one) for one in reversed(decisions)],
        keys={r: SourceKey("pos", str(there[r])) for r in there},
    )

    assert names(first, {r: r for r in RECORDS}) == names(again, there)


@given(st.lists(pairs, max_size=14))
def test_without_guards_and_decisions_clusters_are_the_components(
    joined: list[tuple[int, int]],
) -> None:
    model = replace(Model.load(), guards=NO_GUARDS)
    links = [link(a, b) for a, b in joined]
    found = cluster_by(model, {r: {} for r in RECORDS}, links)

    assert found.cluster == found.component
    assert found.component == cluster(RECORDS, links, match=0.9).component


@given(st.text("ab", max_size=5), st.text("ab", max_size=5))
def test_one_keystroke_is_a_distance_of_at_most_one(left: str, right: str) -> None:
    edits = {left, *(left[:i] + left[i + 1 :] for i in range(len(left)))}
    for i, letter in product(range(len(left) + 1), "ab"):
        edits |= {left[:i] + letter + left[i:], left[:i] + letter + left[i + 1 :]}
        edits.add(left[:i] + left[i : i + 2][::-1] + left[i + 2 :])

    assert one_keystroke(left, right) is (right in edits)
    assert near(left, right, "keystroke") is (right in edits)


@pytest.mark.parametrize(
    "wrong",
    [{"column": "hair"}, {"near": "about"}, {"pattern": "("}],
)
def test_a_rule_that_cannot_be_read_is_refused_with_its_name(
    wrong: dict[str, Any],
) -> None:
    rule = {"name": "mine", "column": "cards", **wrong}

    with pytest.raises(ValueError, match="rule mine"):
        HardRule(**rule)


def test_the_guards_travel_in_the_bundle(model: Model) -> None:
    mine = replace(model, guards=Guards(rules=(*RULES, ONE_CARD), largest=40))

    assert Model.from_bytes(mine.to_bytes()).guards == mine.guards
    assert mine.digest != model.digest
