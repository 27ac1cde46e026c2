"""Clusters as the model's guards let them be: what decides, live, in batch and audit.

Most components hold a few records that contradict nothing: they are clusters as they
are. Only where a rule can bite, a steward decided or the shape is odd are unions made
one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from matching.clustering.bridges import Part, bridges, side
from matching.clustering.cluster import (
    Clustering,
    Decision,
    Keys,
    Link,
    Refusal,
    Rule,
    Verdict,
    by_key,
    cluster,
)
from matching.clustering.contact_holders import Limits, place_contacts
from matching.clustering.rule_conflicts import Contradictions
from matching.features.normalise import CONTACT_ONLY, Features
from matching.model.bands import weight_of
from matching.model.hard_rules import Guards
from matching.model.model_version import Model

WEAK_BRIDGE = "one weak link holds two groups"
STRONG_BRIDGE = "one link holds two groups"


def cluster_by(
    model: Model,
    features: Mapping[int, Features],
    links: Iterable[Link],
    decisions: Sequence[Decision] = (),
    *,
    keys: Keys | None = None,
) -> Clustering:
    """Return the clusters of these records under the model's guards.

    The records must be whole components, with whatever decisions *same* join to
    them. `keys` order what is equal, so that arrival does not; pass them wherever the
    answer is stored or compared.
    """
    match, guards = model.bands.match, model.guards
    strong = [link for link in links if link.probability >= match]
    contacts = {r for r, known in features.items() if known.get(CONTACT_ONLY)}
    weighed, by_contact = _parted(strong, contacts) if contacts else (strong, [])
    plain = cluster(features, weighed, match=match).component
    whole = cluster(features, strong, match=match).component if by_contact else plain
    rules = guards.active(model.settings) if guards.rules else ()
    found = Clustering(dict(plain), whole)
    for group in _groups(plain, weighed, decisions):
        bounds = Contradictions(rules, group.records, features, keys)
        if _may_apply(guards, group, bounds):
            guarded = _guarded(model, group, bounds, keys)
            found.cluster.update(guarded.cluster)
            found.refused.extend(guarded.refused)
            found.suspect.extend(guarded.suspect)
    if by_contact:
        place_contacts(
            found,
            contacts,
            by_contact,
            decisions,
            limits=Limits(rules, guards.largest, features, keys),
        )
    return found


def _parted(
    links: Iterable[Link], contacts: Collection[int]
) -> tuple[list[Link], list[Link]]:
    """Return the links that a model weighed, and those that a contact makes."""
    weighed: list[Link] = []
    by_contact: list[Link] = []
    for link in links:
        of_contact = link.a in contacts or link.b in contacts
        (by_contact if of_contact else weighed).append(link)
    return weighed, by_contact


@dataclass
class _Group:
    """Components that decisions join, with their links and decisions."""

    records: list[int] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)


def _groups(
    component: Mapping[int, int], strong: Iterable[Link], decisions: Iterable[Decision]
) -> list[_Group]:
    """Return what must be looked at together, without the records that are alone."""
    place = dict(component)
    known = [d for d in decisions if d.a in place and d.b in place]
    if same := [d for d in known if d.verdict is Verdict.SAME]:
        labels = set(place.values())
        edges = [Link(place[d.a], place[d.b], 0.0, 1.0) for d in same]
        joined = cluster(labels, edges, match=1.0).component
        place = {record: joined[label] for record, label in place.items()}
    groups: dict[int, _Group] = {}
    for record, label in place.items():
        groups.setdefault(label, _Group()).records.append(record)
    for link in strong:
        if link.a in place and link.b in place:
            groups[place[link.a]].links.append(link)
    for decision in known:
        if place[decision.a] == place[decision.b]:
            groups[place[decision.a]].decisions.append(decision)
    return [group for group in groups.values() if len(group.records) > 1]


def _may_apply(guards: Guards, group: _Group, bounds: Contradictions) -> bool:
    size = len(group.records)
    too_large = 0 < guards.largest < size
    bridged = 0 < 2 * guards.bridge_side <= size
    return bool(group.decisions) or too_large or bridged or bounds.possible()


def _guarded(
    model: Model, group: _Group, bounds: Contradictions, keys: Keys | None
) -> Clustering:
    """Join what the rules allow, then take apart what hangs by one weak link."""
    bounds.weigh(group.links, group.decisions)
    rules: list[Rule] = [bounds.between] if bounds.held else []
    if model.guards.largest:
        rules.append(_no_more_than(model.guards.largest))
    found = cluster(
        group.records,
        group.links,
        group.decisions,
        match=model.bands.match,
        rules=rules,
        keys=keys,
    )
    members: dict[int, list[int]] = {}
    for record, label in found.cluster.items():
        members.setdefault(label, []).append(record)
    for records in members.values():
        _suspect(found, bounds, records)
        if 0 < 2 * model.guards.bridge_side <= len(records):
            _cut_bridges(model, found, records, group, keys)
    return found


def _no_more_than(largest: int) -> Rule:
    def rule(left: frozenset[int], right: frozenset[int]) -> str | None:
        if len(left) + len(right) <= largest:
            return None
        return f"more than {largest} records"

    return rule


def _suspect(found: Clustering, bounds: Contradictions, records: list[int]) -> None:
    for rule, a, b in bounds.inside(records):
        found.suspect.append(Refusal(min(a, b), max(a, b), rule.name))


def _cut_bridges(
    model: Model,
    found: Clustering,
    records: Sequence[int],
    group: _Group,
    keys: Keys | None,
) -> None:
    """Cut the weak bridges of one cluster, the weakest first; tell of the strong."""
    graph, cuttable = _graph(set(records), group)
    alone = [cuttable[pair] for pair in bridges(graph) if pair in cuttable]
    alone.sort(key=lambda link: (link.weight, by_key(link, keys)))
    for link in alone:
        parts = side(graph, link.a, link.b), side(graph, link.b, link.a)
        if not _two_groups(model.guards, parts):
            continue
        if link.weight > weight_of(model.bands.match) + model.guards.bridge_bits:
            found.suspect.append(Refusal(link.a, link.b, STRONG_BRIDGE))
            continue
        found.refused.append(Refusal(link.a, link.b, WEAK_BRIDGE))
        graph[link.a].discard(link.b)
        graph[link.b].discard(link.a)
        for part in parts:
            label = dict.fromkeys(part.records, min(part.records))
            found.cluster.update(label)


def _graph(
    inside: set[int], group: _Group
) -> tuple[dict[int, set[int]], dict[tuple[int, int], Link]]:
    """Return who is tied to whom, and the links that no decision confirms."""
    graph: dict[int, set[int]] = {record: set() for record in inside}
    same = {(d.a, d.b) for d in group.decisions if d.verdict is Verdict.SAME}
    links = {(link.a, link.b): link for link in group.links}
    for a, b in same | links.keys():
        if a in inside and b in inside:
            graph[a].add(b)
            graph[b].add(a)
    return graph, {pair: link for pair, link in links.items() if pair not in same}


def _two_groups(guards: Guards, parts: tuple[Part, Part]) -> bool:
    return all(
        len(part.records) >= guards.bridge_side
        and part.density >= guards.bridge_density
        for part in parts
    )
