"""The unions told are those that clustering made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from matching.clustering.cluster import Decision, Link, Verdict, cluster
from matching.clustering.merge_order import path, unions, weakest

MATCH = 0.9
NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
RECORDS = range(1, 9)

_pairs = st.tuples(st.sampled_from(RECORDS), st.sampled_from(RECORDS)).filter(
    lambda pair: pair[0] < pair[1]
)
_links = st.dictionaries(_pairs, st.integers(5, 12), max_size=16).map(
    lambda found: [
        Link(a, b, float(weight), 0.99 if weight > 6 else 0.5)
        for (a, b), weight in found.items()
    ]
)
_decisions = st.dictionaries(_pairs, st.sampled_from(list(Verdict)), max_size=4).map(
    lambda found: [
        Decision(a, b, verdict, NOON + timedelta(minutes=place))
        for place, ((a, b), verdict) in enumerate(found.items())
    ]
)


@given(links=_links, decisions=_decisions)
def test_unions_make_each_cluster_from_its_records_heaviest_links_first(
    links: list[Link], decisions: list[Decision]
) -> None:
    found = cluster(RECORDS, links, decisions, match=MATCH)
    for label in set(found.cluster.values()):
        members = {r for r in RECORDS if found.cluster[r] == label}
        made = unions(members, links, decisions, match=MATCH)

        parts = {record: frozenset((record,)) for record in members}
        for union in made:
            assert (parts[union.a], parts[union.b]) == (union.left, union.right)
            assert union.left.isdisjoint(union.right)
            whole = union.left | union.right
            parts |= dict.fromkeys(whole, whole)
        assert set(parts.values()) == {frozenset(members)}
        by_link = [union.link.weight for union in made if union.link]
        assert by_link == sorted(by_link, reverse=True)
        assert [u.link is None for u in made] == sorted(
            (u.link is None for u in made), reverse=True
        )


@given(links=_links)
def test_the_weakest_union_is_the_best_way_across_its_parts(links: list[Link]) -> None:
    found = cluster(RECORDS, links, match=MATCH)
    members = {r for r in RECORDS if found.cluster[r] == found.cluster[1]}
    made = unions(members, links, [], match=MATCH)
    lightest = weakest(made)
    if lightest is None or lightest.link is None:
        assert len(members) == 1
        return
    across = [
        link.weight
        for link in links
        if link.probability >= MATCH
        and ({link.a, link.b} & lightest.left)
        and ({link.a, link.b} & lightest.right)
    ]
    assert max(across) == lightest.link.weight


@given(links=_links)
def test_a_path_leads_from_one_record_to_the_other(links: list[Link]) -> None:
    found = cluster(RECORDS, links, match=MATCH)
    members = sorted(r for r in RECORDS if found.cluster[r] == found.cluster[1])
    made = unions(members, links, [], match=MATCH)
    here, end = members[0], members[-1]
    for union in path(made, here, end):
        assert here in (union.a, union.b)
        here = union.b if here == union.a else union.a
    assert here == end
