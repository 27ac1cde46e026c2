"""Two ways to divide the same records into clusters: what joins, splits and stays."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from matching.evaluation.evaluate import clusters_of
from matching.features.normalise import Features
from matching.model.model_version import Model


class Kind(StrEnum):
    """What became of clusters that did not stay as they were."""

    JOIN = "join"
    SPLIT = "split"
    REGROUP = "regroup"


class Regrouping(NamedTuple):
    """Clusters that exchanged records: as they were, and as they became."""

    kind: Kind
    before: list[frozenset[int]]
    after: list[frozenset[int]]

    @property
    def records(self) -> frozenset[int]:
        """All records of these clusters."""
        return frozenset().union(*self.before)


@dataclass(frozen=True)
class ClusterDiff:
    """How many clusters there were, are and stayed, and every regrouping.

    Pairs are all pairs inside clusters: gained if only the new clusters hold them.
    """

    before: int
    after: int
    stay: int
    pairs_gained: int
    pairs_lost: int
    regroupings: list[Regrouping] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """How many of the former clusters did not stay as they were."""
        return self.before - self.stay

    @property
    def share_changed(self) -> float:
        """The share of the former clusters that did not stay."""
        return self.changed / self.before if self.before else 0.0

    def of(self, kind: Kind) -> list[Regrouping]:
        """Return the regroupings of one kind."""
        return [one for one in self.regroupings if one.kind is kind]

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as JSON values."""
        return {
            "clusters_before": self.before,
            "clusters_after": self.after,
            "stay": self.stay,
            "joins": len(self.of(Kind.JOIN)),
            "splits": len(self.of(Kind.SPLIT)),
            "regroups": len(self.of(Kind.REGROUP)),
            "clusters_changed": self.changed,
            "share_changed": round(self.share_changed, 6),
            "pairs_gained": self.pairs_gained,
            "pairs_lost": self.pairs_lost,
        }


def compare_clusters(
    before: Mapping[int, Hashable], after: Mapping[int, Hashable]
) -> ClusterDiff:
    """Return what differs between two labellings of the records that both know."""
    shared = [record for record in before if record in after]
    both = Counter((before[record], after[record]) for record in shared)
    old = Counter(before[record] for record in shared)
    new = Counter(after[record] for record in shared)
    staying = {pair for pair, n in both.items() if n == old[pair[0]] == new[pair[1]]}
    moved = [r for r in shared if (before[r], after[r]) not in staying]
    common = _pairs(both)
    return ClusterDiff(
        before=len(old),
        after=len(new),
        stay=len(staying),
        pairs_gained=_pairs(new) - common,
        pairs_lost=_pairs(old) - common,
        regroupings=[
            _regrouping(records, before, after)
            for records in _regions(moved, before, after)
        ],
    )


def compare_models(
    old: Model, new: Model, normalised: Sequence[Features]
) -> ClusterDiff:
    """Return what differs between two models' clusters of records, numbered from 0."""
    before, after = (
        clusters_of(model, {i: model.freeze(r) for i, r in enumerate(normalised)})
        for model in (old, new)
    )
    return compare_clusters(dict(enumerate(before)), dict(enumerate(after)))


def _regions(
    records: list[int], before: Mapping[int, Hashable], after: Mapping[int, Hashable]
) -> Iterator[list[int]]:
    """Give the records in groups, as far as any old or new cluster connects them."""
    members: dict[tuple[str, Hashable], list[int]] = defaultdict(list)
    for record in records:
        members["before", before[record]].append(record)
        members["after", after[record]].append(record)
    unseen = set(records)
    for first in sorted(records):
        if first not in unseen:
            continue
        region, frontier = [], [first]
        unseen.discard(first)
        while frontier:
            record = frontier.pop()
            region.append(record)
            for side in (("before", before[record]), ("after", after[record])):
                reached = [r for r in members.pop(side, ()) if r in unseen]
                unseen.difference_update(reached)
                frontier += reached
        yield sorted(region)


def _regrouping(
    records: list[int], before: Mapping[int, Hashable], after: Mapping[int, Hashable]
) -> Regrouping:
    old, new = _groups(records, before), _groups(records, after)
    kind = Kind.REGROUP
    if len(new) == 1:
        kind = Kind.JOIN
    elif len(old) == 1:
        kind = Kind.SPLIT
    return Regrouping(kind, old, new)


def _groups(records: list[int], labels: Mapping[int, Hashable]) -> list[frozenset[int]]:
    found: dict[Hashable, set[int]] = defaultdict(set)
    for record in records:
        found[labels[record]].add(record)
    return sorted((frozenset(group) for group in found.values()), key=min)


def _pairs(counts: Mapping[Any, int]) -> int:
    return sum(n * (n - 1) // 2 for n in counts.values())
