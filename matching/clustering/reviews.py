"""What a steward is asked: a pure function of clusters, links and decisions.

Of two customers one case is open at a time, by their heaviest pair, and none once a
steward said that they are two.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from matching.clustering.cluster import (
    Clustering,
    Decision,
    Keys,
    Link,
    Refusal,
    Verdict,
    by_key,
)

if TYPE_CHECKING:
    from matching.model.model_version import Model

Customers = Mapping[int, Hashable]
"""The customer, by any name, of each record that has one."""

IN_THE_BAND = "the model is not sure"


class Kind(StrEnum):
    """Why a case is open."""

    UNDECIDED = "undecided"  # a match weight in the review band, two customers
    REFUSED = "refused"  # a match, but a rule or a guard keeps two customers
    CONTRADICTION = "contradiction"  # decisions that cannot all hold
    SUSPECT = "suspect"  # one customer that looks like several
    GIANT = "giant"  # so many records hang together that a value must be junk


class ReviewCase(NamedTuple):
    """Two records to look at, a <= b, and why."""

    kind: Kind
    a: int
    b: int
    why: str
    weight: float | None = None
    probability: float | None = None


def cases(
    model: Model,
    clustering: Clustering,
    links: Iterable[Link],
    decisions: Sequence[Decision],
    *,
    customers: Customers,
    keys: Keys,
) -> list[ReviewCase]:
    """Return the open cases of the clustered records, in order.

    `links` reach from the review band up and `decisions` are those with an end among
    the records; either may lead to another customer, whose records `customers` and
    `keys` name too.
    """
    links = list(links)
    scored = {(link.a, link.b): link for link in links}
    said = {
        verdict: {(d.a, d.b) for d in decisions if d.verdict is verdict}
        for verdict in Verdict
    }
    found = [_suspect(one, scored) for one in clustering.suspect]
    found += _oversized(clustering, model.guards.alarm, keys)
    found += _contradictions(clustering.refused, said[Verdict.SAME])
    doubts = [
        _refused(one, scored)
        for one in clustering.refused
        if one.asked and (one.a, one.b) not in said[Verdict.SAME]
    ]
    doubts += [
        ReviewCase(Kind.UNDECIDED, *link[:2], IN_THE_BAND, *link[2:])
        for link in links
        if model.bands.review <= link.probability < model.bands.match
    ]
    apart = {_customers_of(pair, customers) for pair in said[Verdict.DIFFERENT]}
    found += _one_a_pair_of_customers(doubts, apart, customers, keys)
    first: dict[tuple[Kind, int, int], ReviewCase] = {}
    for case in sorted(found, key=lambda case: case[:4]):
        first.setdefault(case[:3], case)
    return list(first.values())


def _one_a_pair_of_customers(
    doubts: Iterable[ReviewCase],
    apart: set[frozenset[Hashable]],
    customers: Customers,
    keys: Keys,
) -> list[ReviewCase]:
    heaviest: dict[frozenset[Hashable], ReviewCase] = {}
    for case in doubts:
        pair = _customers_of((case.a, case.b), customers)
        if len(pair) < 2 or pair in apart:
            continue
        known = heaviest.get(pair)
        if known is None or _before(case, known, keys):
            heaviest[pair] = case
    return list(heaviest.values())


def _customers_of(pair: tuple[int, int], customers: Customers) -> frozenset[Hashable]:
    """Return both customers; fewer than two if they are one or one is not known."""
    return frozenset(customers[end] for end in pair if end in customers)


def _before(case: ReviewCase, other: ReviewCase, keys: Keys) -> bool:
    mine, theirs = case.weight or 0.0, other.weight or 0.0
    if mine != theirs:
        return mine > theirs
    return by_key(case, keys) < by_key(other, keys)


def _suspect(one: Refusal, scored: Mapping[tuple[int, int], Link]) -> ReviewCase:
    link = scored.get((one.a, one.b))
    return ReviewCase(Kind.SUSPECT, *one[:3], *(link[2:] if link else ()))


def _refused(one: Refusal, scored: Mapping[tuple[int, int], Link]) -> ReviewCase:
    return ReviewCase(Kind.REFUSED, *one[:3], *scored[one.a, one.b][2:])


def _contradictions(
    refused: Iterable[Refusal], same: set[tuple[int, int]]
) -> list[ReviewCase]:
    return [
        ReviewCase(Kind.CONTRADICTION, *one[:3])
        for one in refused
        if (one.a, one.b) in same
    ]


def _oversized(clustering: Clustering, alarm: int, keys: Keys) -> list[ReviewCase]:
    """Return a case for each component of more records than the alarm allows."""
    members: dict[int, list[int]] = {}
    for record, label in clustering.component.items():
        members.setdefault(label, []).append(record)
    firsts = [
        min(records, key=lambda record: keys[record])
        for records in members.values()
        if 0 < alarm < len(records)
    ]
    why = f"more than {alarm} records hang together"
    return [ReviewCase(Kind.GIANT, first, first, why) for first in firsts]
