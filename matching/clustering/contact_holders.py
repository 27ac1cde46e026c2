"""Records that hold nothing but a contact go to the one customer who holds it.

They come last, when every other record has its cluster, so they join no two persons and
keep none apart. Records that share a contact stay together; where two customers hold
it, or anything contradicts, each stands alone, and a steward may decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from matching.clustering.cluster import (
    Clustering,
    Decision,
    Keys,
    Link,
    Refusal,
    Verdict,
    by_key,
    cluster,
)
from matching.clustering.rule_conflicts import Contradictions
from matching.features.normalise import Features
from matching.model.hard_rules import HardRule
from schemas.source_key import SourceKey

SEVERAL_HOLDERS = "several customers hold this contact"

Ends = tuple[int, int]
"""The labels of two clusters, the smaller first."""


class Limits(NamedTuple):
    """What no customer may be: two values of a rule, or more records than that.

    `features` are those that rules look at, of each record; `keys` order what is equal.
    """

    rules: Sequence[HardRule]
    largest: int
    features: Mapping[int, Features]
    keys: Keys | None = None


def place_contacts(
    found: Clustering,
    contacts: Collection[int],
    links: Iterable[Link],
    decisions: Sequence[Decision],
    *,
    limits: Limits,
) -> None:
    """Put the records of `contacts` into clusters; all others are in theirs already.

    `links` are those that a contact makes: each has an end in `contacts`. One whose
    ends a steward decided to be different is as if it were not there, as is one with
    an end outside the records.
    """
    links = [x for x in links if x.a in found.cluster and x.b in found.cluster]
    members, mine = _members(found, links), frozenset(contacts)
    apart = _apart(found, decisions)
    free = {name for name, records in members.items() if records <= mine}
    edges = _edges(found, links, apart)
    groups = _groups(edges, free)
    while out := {name for group in groups for name in group.torn(apart)} & free:
        # neither of two that are different goes with what both hang together with
        free -= out
        edges = {pair: x for pair, x in edges.items() if out.isdisjoint(pair)}
        groups = _groups(edges, free)
    for group in groups:
        if why := _refusal(group, members, decisions, limits):
            _refuse(found, group, why, limits.keys)
        else:
            whole = [record for name in group.whole for record in members[name]]
            found.cluster.update(dict.fromkeys(whole, min(whole)))


@dataclass
class _Group:
    """Clusters of contacts that hang together, and who else holds their contacts."""

    free: set[int] = field(default_factory=set)
    holders: set[int] = field(default_factory=set)
    links: list[list[Link]] = field(default_factory=list)

    @property
    def whole(self) -> list[int]:
        return sorted(self.free | self.holders)

    def torn(self, apart: Collection[Ends]) -> set[int]:
        """Return the clusters that were decided different and would become one."""
        together = self.whole if len(self.holders) < 2 else sorted(self.free)
        torn = set(combinations(together, 2)).intersection(apart)
        return {name for ends in torn for name in ends}


def _edges(
    found: Clustering, links: Iterable[Link], apart: Collection[Ends]
) -> dict[Ends, list[Link]]:
    """Return the links between each two clusters that nobody decided different."""
    edges: dict[Ends, list[Link]] = defaultdict(list)
    for link in links:
        ends = _ends(found, link)
        if ends[0] != ends[1] and ends not in apart:
            edges[ends].append(link)
    return edges


def _groups(edges: Mapping[Ends, list[Link]], free: set[int]) -> list[_Group]:
    """Return what contacts would make one customer, or would if one alone held them."""
    inner = [Link(*ends, 0.0, 1.0) for ends in edges if free.issuperset(ends)]
    name_of = cluster(free, inner, match=1.0).component
    groups: dict[int, _Group] = defaultdict(_Group)
    for ends, links in edges.items():
        if inside := free.intersection(ends):
            group = groups[name_of[min(inside)]]
            group.free |= inside
            group.holders |= inside.symmetric_difference(ends)
            group.links.append(links)
    found = [group for group in groups.values() if len(group.holders) != 1]
    return found + _by_holder(g for g in groups.values() if len(g.holders) == 1)


def _by_holder(groups: Iterable[_Group]) -> list[_Group]:
    """Return as one group those that go to one customer."""
    found: dict[int, _Group] = defaultdict(_Group)
    for group in groups:
        whole = found[min(group.holders)]
        whole.free |= group.free
        whole.holders |= group.holders
        whole.links += group.links
    return list(found.values())


def _refusal(
    group: _Group,
    members: Mapping[int, set[int]],
    decisions: Iterable[Decision],
    limits: Limits,
) -> str | None:
    """Return why a group may not be one customer, or None."""
    if len(group.holders) > 1:
        return SEVERAL_HOLDERS
    whole = [record for name in group.whole for record in members[name]]
    if 0 < limits.largest < len(whole):
        return f"more than {limits.largest} records"
    bounds = Contradictions(limits.rules, whole, limits.features, limits.keys)
    if not bounds.possible():
        return None
    bounds.weigh((), decisions)
    pairs = combinations(group.whole, 2)
    names = {bounds.between(members[a], members[b]) for a, b in pairs} - {None}
    return min(filter(None, names), default=None)


def _refuse(found: Clustering, group: _Group, why: str, keys: Keys | None) -> None:
    """Tell of one link between each two clusters that are not joined.

    Fifty tickets of a shared mailbox are no fifty cases: asked is whose the first of
    them is, by key, and where too much would join one link alone.
    """

    def place(link: Link) -> tuple[SourceKey | int, SourceKey | int]:
        return by_key(link, keys)

    firsts = sorted((min(links, key=place) for links in group.links), key=place)
    asked = firsts[:1]
    if group.holders:
        inside = [group.free.intersection(_ends(found, link)) for link in firsts]
        to_holders = [ends for ends in inside if len(ends) == 1]
        pairs = zip(firsts, inside, strict=True)
        asked = [link for link, ends in pairs if ends == to_holders[0]]
    if why != SEVERAL_HOLDERS:
        asked = asked[:1]
    found.refused.extend(Refusal(link.a, link.b, why, link in asked) for link in firsts)


def _members(found: Clustering, links: Iterable[Link]) -> dict[int, set[int]]:
    """Return the records of each cluster that a link touches, by its label."""
    touched = {found.cluster[end] for link in links for end in (link.a, link.b)}
    members: dict[int, set[int]] = {name: set() for name in touched}
    for record, name in found.cluster.items():
        if name in touched:
            members[name].add(record)
    return members


def _apart(found: Clustering, decisions: Iterable[Decision]) -> set[Ends]:
    """Return the clusters that a steward said are different."""
    return {
        _ends(found, decision)
        for decision in decisions
        if decision.verdict is Verdict.DIFFERENT
        and decision.a in found.cluster
        and decision.b in found.cluster
    }


def _ends(found: Clustering, pair: Link | Decision) -> Ends:
    left, right = found.cluster[pair.a], found.cluster[pair.b]
    return (left, right) if left < right else (right, left)
