"""Links and decisions become clusters: a pure function of one set of records.

Without decisions and rules the clusters are the connected components of the links at
or above the match threshold, like `cluster_pairwise_predictions_at_threshold`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from schemas.source_key import SourceKey

Keys = Mapping[int, SourceKey]

Rule = Callable[[frozenset[int], frozenset[int]], str | None]
"""Says why two clusters may not become one, or None."""


class Link(NamedTuple):
    """A scored pair of records, a < b."""

    a: int
    b: int
    weight: float
    probability: float


class Verdict(StrEnum):
    """What a steward said of two records."""

    SAME = "same"
    DIFFERENT = "different"


class Decision(NamedTuple):
    """A steward's verdict on two records and the time at which it was given."""

    a: int
    b: int
    verdict: Verdict
    decided_at: datetime


class Refusal(NamedTuple):
    """A union that was not made, and why: a case for review, if one is to be asked."""

    a: int
    b: int
    why: str
    asked: bool = True


@dataclass(frozen=True)
class Clustering:
    """Clusters and components of a set of records, each named by its smallest id.

    `refused` are the unions that were not made and still are not; `suspect` are pairs
    inside one cluster that a person should look at.
    """

    cluster: dict[int, int]
    component: dict[int, int]
    refused: list[Refusal] = field(default_factory=list)
    suspect: list[Refusal] = field(default_factory=list)


def cluster(
    records: Iterable[int],
    links: Iterable[Link],
    decisions: Sequence[Decision] = (),
    *,
    match: float,
    rules: Sequence[Rule] = (),
    keys: Keys | None = None,
) -> Clustering:
    """Return the clusters of the records, whatever the order of the arguments.

    Decisions *same* come first, in order of their time; then links with a match
    probability of at least `match`, the heaviest first; of equals the one whose
    records come first by key (by id without keys, and ids are given by arrival). A
    union that would join a pair decided *different* or break a rule is refused and
    told. Links and decisions with an end outside the records are left out.
    """
    everyone = set(records)
    strong = [
        link
        for link in links
        if link.probability >= match and link.a in everyone and link.b in everyone
    ]
    known = [d for d in decisions if d.a in everyone and d.b in everyone]
    components = _Groups(everyone)
    for link in strong:
        components.join(link.a, link.b)
    if not known and not rules:
        return Clustering(components.labels(), components.labels())
    strong.sort(key=lambda link: (-link.weight, by_key(link, keys)))
    known.sort(key=lambda d: (d.decided_at, by_key(d, keys)))
    clusters, refused = _constrained(everyone, strong, known, rules)
    labels = clusters.labels()
    standing = [r for r in refused if labels[r.a] != labels[r.b]]
    return Clustering(labels, components.labels(), standing)


class _Pair(Protocol):
    @property
    def a(self) -> int: ...

    @property
    def b(self) -> int: ...


def by_key(pair: _Pair, keys: Keys | None) -> tuple[Any, Any]:
    """Return what orders a pair the same way whenever its records came."""
    if not keys:
        return pair.a, pair.b
    left, right = keys[pair.a], keys[pair.b]
    return (left, right) if left < right else (right, left)


def _constrained(
    everyone: set[int],
    strong: Sequence[Link],
    decisions: Sequence[Decision],
    rules: Sequence[Rule],
) -> tuple[_Groups, list[Refusal]]:
    apart: dict[int, set[int]] = {}
    for decision in decisions:
        if decision.verdict is Verdict.DIFFERENT:
            apart.setdefault(decision.a, set()).add(decision.b)
            apart.setdefault(decision.b, set()).add(decision.a)
    groups = _Groups(everyone)
    refused = []
    same = [(d.a, d.b) for d in decisions if d.verdict is Verdict.SAME]
    for a, b in same:
        if why := groups.join(a, b, apart=apart):
            refused.append(Refusal(a, b, why))
    for link in strong:
        if why := groups.join(link.a, link.b, apart=apart, rules=rules):
            refused.append(Refusal(link.a, link.b, why))
    return groups, refused


class _Groups:
    """Disjoint sets that know their members, so that a rule can look at them."""

    def __init__(self, records: set[int]) -> None:
        self._root = {record: record for record in records}
        self._members = {record: [record] for record in records}

    def find(self, record: int) -> int:
        root = record
        while self._root[root] != root:
            root = self._root[root]
        while self._root[record] != root:
            self._root[record], record = root, self._root[record]
        return root

    def join(
        self,
        a: int,
        b: int,
        *,
        apart: dict[int, set[int]] | None = None,
        rules: Sequence[Rule] = (),
    ) -> str | None:
        """Join the sets of a and b, or return why they stay apart."""
        left, right = self.find(a), self.find(b)
        if left == right:
            return None
        if len(self._members[left]) < len(self._members[right]):
            left, right = right, left
        if why := self._refuses(left, right, apart or {}, rules):
            return why
        self._root[right] = left
        self._members[left] += self._members.pop(right)
        return None

    def _refuses(
        self, left: int, right: int, apart: dict[int, set[int]], rules: Sequence[Rule]
    ) -> str | None:
        for record in self._members[right] if apart else ():
            for other in apart.get(record, ()):
                if self.find(other) == left:
                    return "decided different"
        if not rules:
            return None
        both = frozenset(self._members[left]), frozenset(self._members[right])
        return next((why for rule in rules if (why := rule(*both))), None)

    def labels(self) -> dict[int, int]:
        """Return each record's set, named by its smallest member."""
        return {
            record: smallest
            for members in self._members.values()
            for smallest in [min(members)]
            for record in members
        }
