"""Clusters are a pure function of links and decisions, in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from matching.clustering.cluster import Decision, Link, Verdict, cluster

START = datetime(2026, 1, 1, tzinfo=UTC)
RECORDS = range(1, 9)
pairs = st.tuples(st.sampled_from(RECORDS), st.sampled_from(RECORDS)).filter(
    lambda pair: pair[0] < pair[1]
)


def link(a: int, b: int, probability: float = 0.99) -> Link:
    return Link(a, b, weight=probability * 10, probability=probability)


def decision(a: int, b: int, verdict: Verdict, *, day: int = 0) -> Decision:
    return Decision(a, b, verdict, START + timedelta(days=day))


def test_links_at_the_threshold_join_and_weaker_ones_do_not() -> None:
    found = cluster([1, 2, 3], [link(1, 2, 0.9), link(2, 3, 0.89)], match=0.9)

    assert found.cluster == {1: 1, 2: 1, 3: 3}


def test_a_link_to_a_record_that_is_gone_joins_nothing() -> None:
    assert cluster([1, 2], [link(1, 3), link(2, 3)], match=0.9).cluster == {1: 1, 2: 2}


def test_a_decision_same_joins_what_the_model_left_apart() -> None:
    found = cluster([1, 2], [], [decision(1, 2, Verdict.SAME)], match=0.9)

    assert found.cluster == {1: 1, 2: 1}
    assert found.component == {1: 1, 2: 2}


def test_a_decision_different_keeps_apart_even_through_a_third_record() -> None:
    links = [link(1, 2, 0.99), link(2, 3, 0.95)]
    found = cluster([1, 2, 3], links, [decision(1, 3, Verdict.DIFFERENT)], match=0.9)

    assert found.cluster == {1: 1, 2: 1, 3: 3}
    assert [(r.a, r.b, r.why) for r in found.refused] == [(2, 3, "decided different")]


def test_a_contradiction_between_decisions_is_refused_and_told() -> None:
    said = [
        decision(1, 2, Verdict.SAME, day=1),
        decision(2, 3, Verdict.SAME, day=2),
        decision(1, 3, Verdict.DIFFERENT, day=3),
    ]
    found = cluster([1, 2, 3], [], said, match=0.9)

    assert found.cluster == {1: 1, 2: 1, 3: 3}
    assert [(r.a, r.b) for r in found.refused] == [(2, 3)]


def test_a_rule_refuses_a_union() -> None:
    def no_more_than_two(left: frozenset[int], right: frozenset[int]) -> str | None:
        return "too many" if len(left) + len(right) > 2 else None

    links = [link(1, 2, 0.95), link(2, 3, 0.99)]
    found = cluster([1, 2, 3], links, match=0.9, rules=[no_more_than_two])

    assert found.cluster == {1: 1, 2: 2, 3: 2}
    assert found.refused[0].why == "too many"


@given(
    st.lists(st.tuples(pairs, st.sampled_from([0.5, 0.9, 0.95, 0.99])), max_size=12),
    st.lists(st.tuples(pairs, st.sampled_from(list(Verdict))), max_size=5),
    st.randoms(),
)
def test_no_order_of_links_or_decisions_changes_the_clusters(
    scored: list[tuple[tuple[int, int], float]],
    said: list[tuple[tuple[int, int], Verdict]],
    random: object,
) -> None:
    links = list(
        {pair: link(*pair, probability) for pair, probability in scored}.values()
    )
    decisions = [
        decision(a, b, verdict, day=day) for day, ((a, b), verdict) in enumerate(said)
    ]
    first = cluster(RECORDS, links, decisions, match=0.9)
    random.shuffle(links)  # type: ignore[attr-defined]
    random.shuffle(decisions)  # type: ignore[attr-defined]

    assert cluster(reversed(RECORDS), links, decisions, match=0.9) == first


@given(st.lists(pairs, max_size=12))
def test_without_decisions_clusters_are_the_connected_components(
    joined: list[tuple[int, int]],
) -> None:
    found = cluster(RECORDS, [link(a, b) for a, b in joined], match=0.9)
    expected = {record: record for record in RECORDS}
    for _ in RECORDS:
        for a, b in joined:
            expected[a] = expected[b] = min(expected[a], expected[b])

    assert found.cluster == found.component == expected
