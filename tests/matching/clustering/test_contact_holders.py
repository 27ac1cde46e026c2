"""A record of nothing but a contact goes to the one customer who holds it, or alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from matching.clustering.cluster import Clustering, Decision, Link, Verdict
from matching.clustering.contact_holders import SEVERAL_HOLDERS
from matching.clustering.guarded_clusters import cluster_by
from matching.features.normalise import CONTACT_ONLY
from matching.model.hard_rules import NO_GUARDS, RULES, Guards, HardRule
from matching.model.model_version import Model
from schemas.source_key import SourceKey
from tests.matching.clustering.test_cluster import RECORDS, decision, pairs

SHIPPED = Model.load()
CONTACT = {CONTACT_ONLY: True}
PERSON: dict[str, Any] = {}


def link(a: int, b: int) -> Link:
    return Link(min(a, b), max(a, b), 10.0, 0.9999)


def clustered(
    contacts: set[int],
    links: Iterable[Link],
    decisions: Iterable[Decision] = (),
    *,
    guards: Guards = NO_GUARDS,
) -> Clustering:
    """Return the clusters of eight records, some of them contacts."""
    return cluster_by(
        replace(SHIPPED, guards=guards),
        {r: CONTACT if r in contacts else PERSON for r in RECORDS},
        links,
        list(decisions),
        keys={
            r: SourceKey("desk" if r in contacts else "pos", str(r)) for r in RECORDS
        },
    )


def groups(found: Mapping[int, int]) -> set[frozenset[int]]:
    """Return the groups of several records."""
    members: dict[int, set[int]] = {}
    for record, label in found.items():
        members.setdefault(label, set()).add(record)
    return {frozenset(group) for group in members.values() if len(group) > 1}


def test_the_only_holder_of_a_contact_gets_the_record() -> None:
    found = clustered({3}, [link(1, 2), link(2, 3)])

    assert groups(found.cluster) == {frozenset({1, 2, 3})}
    assert found.cluster[3] == 1
    assert found.component[3] == found.component[1]


def test_two_tickets_of_an_unknown_address_are_one_customer() -> None:
    assert groups(clustered({1, 2}, [link(1, 2)]).cluster) == {frozenset({1, 2})}


def test_a_second_holder_dissolves_what_the_first_had() -> None:
    found = clustered({3, 4}, [link(1, 3), link(1, 4), link(3, 4), link(2, 3)])

    assert groups(found.cluster) == set()
    assert {(r.a, r.b) for r in found.refused} >= {(1, 3), (2, 3)}
    assert {r.why for r in found.refused} == {SEVERAL_HOLDERS}


def test_of_many_tickets_of_a_shared_mailbox_one_is_asked_about() -> None:
    tickets = [4, 5, 6, 7, 8]
    shared = [link(person, ticket) for person in (1, 2) for ticket in tickets]
    shared += [link(a, b) for a, b in combinations(tickets, 2)]
    found = clustered(set(tickets), shared)

    assert {r[:2] for r in found.refused} == {x[:2] for x in shared}
    assert {r[:2] for r in found.refused if r.asked} == {(1, 4), (2, 4)}

    small = replace(NO_GUARDS, largest=3)
    found = clustered({*tickets}, shared[len(tickets) * 2 :], guards=small)
    assert len(found.refused) == 10
    assert sum(r.asked for r in found.refused) == 1


def test_a_contact_joins_no_two_persons_and_a_person_with_two_gets_both() -> None:
    found = clustered({3, 4}, [link(1, 3), link(1, 4), link(2, 5), link(5, 6)])

    assert groups(found.cluster) == {frozenset({1, 3, 4}), frozenset({2, 5, 6})}


def test_what_a_steward_said_decides() -> None:
    shared = [link(1, 3), link(2, 3)]
    other = decision(2, 3, Verdict.DIFFERENT)
    assert groups(clustered({3}, shared, [other]).cluster) == {frozenset({1, 3})}
    same = decision(2, 3, Verdict.SAME)
    assert groups(clustered({3}, shared, [same]).cluster) == {frozenset({2, 3})}


def test_a_record_decided_different_leaves_and_the_other_tickets_stay() -> None:
    said = [decision(1, 4, Verdict.DIFFERENT)]
    tickets = [link(1, 3), link(1, 4), link(3, 4)]
    assert groups(clustered({3, 4}, tickets, said).cluster) == {frozenset({1, 3})}


def test_no_customer_grows_beyond_the_guards_by_contacts() -> None:
    small = replace(NO_GUARDS, largest=2)
    found = clustered({3, 4}, [link(1, 3), link(1, 4), link(3, 4)], guards=small)
    assert groups(found.cluster) == set()
    assert {r.why for r in found.refused} == {"more than 2 records"}

    one_each = HardRule("one ticket", "source_key", pattern="desk:", strict=True)
    strict = replace(NO_GUARDS, rules=(one_each,))
    found = clustered({3, 4}, [link(1, 3), link(1, 4)], guards=strict)
    assert groups(found.cluster) == set()
    assert {r.why for r in found.refused} == {"one ticket"}


contacts_of = st.sets(st.sampled_from(RECORDS), max_size=5)
linked = st.lists(pairs, max_size=12)
said = st.lists(st.tuples(pairs, st.sampled_from(list(Verdict))), max_size=3)


@given(contacts_of, linked)
@settings(max_examples=200)
def test_contacts_are_placed_as_the_definition_says(
    contacts: set[int], joined: list[tuple[int, int]]
) -> None:
    """By another way: who is reached from a contact over contacts alone."""
    links = [link(*pair) for pair in joined]
    weighed = [x for x in links if not {x.a, x.b} & contacts]
    persons = clustered(set(), weighed).cluster
    found = clustered(contacts, links)

    assert groups(
        {r: found.cluster[r] for r in persons if r not in contacts}
    ) == groups({r: label for r, label in persons.items() if r not in contacts})
    beside: dict[int, set[int]] = {r: set() for r in RECORDS}
    for x in links:
        beside[x.a].add(x.b)
        beside[x.b].add(x.a)
    for record in contacts:
        reached, todo = {record}, [record]
        while todo:
            for other in beside[todo.pop()] - reached:
                reached.add(other)
                todo += [other] * (other in contacts)
        holders = {persons[r] for r in reached - contacts}
        mine = {r for r in RECORDS if found.cluster[r] == found.cluster[record]}
        if len(holders) > 1:
            assert mine == {record}
        else:
            assert reached <= mine
            assert {persons[r] for r in mine - contacts} == holders


@given(contacts_of, linked, said, st.permutations(list(RECORDS)))
@settings(max_examples=200)
def test_neither_order_nor_ids_given_by_arrival_place_contacts(
    contacts: set[int],
    joined: list[tuple[int, int]],
    verdicts: list[tuple[tuple[int, int], Verdict]],
    arrival: list[int],
) -> None:
    guards = Guards(rules=RULES, largest=5, bridge_side=2)
    renamed = dict(zip(RECORDS, arrival, strict=True))
    back = {new: old for old, new in renamed.items()}
    links = [link(*pair) for pair in dict.fromkeys(joined)]
    decisions = [decision(a, b, v, day=day) for day, ((a, b), v) in enumerate(verdicts)]

    def moved(pair: Any) -> Any:
        a, b = sorted((renamed[pair.a], renamed[pair.b]))
        return pair._replace(a=a, b=b)

    def told(found: Clustering, old: Mapping[int, int]) -> Any:
        inside = {frozenset(old[r] for r in group) for group in groups(found.cluster)}
        refused = {
            (frozenset({old[r.a], old[r.b]}), r.why, r.asked) for r in found.refused
        }
        return inside, refused

    def run(known: set[int], old: Mapping[int, int], *said: Any) -> Any:
        found = cluster_by(
            replace(SHIPPED, guards=guards),
            {r: CONTACT if r in known else PERSON for r in sorted(old)},
            *said,
            keys={r: SourceKey("pos", str(old[r])) for r in old},
        )
        return told(found, old)

    first = run(contacts, {r: r for r in RECORDS}, links, decisions)
    turned = [moved(one) for one in reversed(links)]
    again = [moved(one) for one in reversed(decisions)]
    assert first == run({renamed[r] for r in contacts}, back, turned, again)
