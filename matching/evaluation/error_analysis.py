"""Where the errors are: false links and missed pairs, by what agreed and what not."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any, NamedTuple

from matching.features.normalise import Features
from matching.model.model_version import Model
from matching.scoring.scored_pair import ScoredPair
from matching.scoring.scorer import Scorer

EXAMINED = 20_000
"""Errors of a kind that are looked at; of more, a sample by a fixed seed."""
SHOWN = 12
EXAMPLES = 3
SEED = 20260101


@dataclass
class Pattern:
    """Errors alike: the fields that spoke for a match, against it, or were missing."""

    agree: list[str]
    differ: list[str]
    missing: list[str]
    count: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Mistakes:
    """Errors of one kind: how many, how many were examined, why, and how they look."""

    count: int
    examined: int
    why: dict[str, int]
    patterns: list[Pattern]

    def as_dict(self) -> dict[str, Any]:
        """Return the errors as JSON values."""
        return asdict(self)


class _Kind(NamedTuple):
    inside: Sequence[Hashable]
    across: Sequence[Hashable]


def false_links(
    model: Model,
    features: Mapping[int, Features],
    truth: Sequence[str],
    found: Sequence[int],
) -> Mistakes:
    """Return the pairs inside one cluster that are two people."""
    return _mistakes(model, features, _Kind(found, truth), _why_linked)


def missed_pairs(
    model: Model,
    features: Mapping[int, Features],
    truth: Sequence[str],
    found: Sequence[int],
) -> Mistakes:
    """Return the pairs of one person that are in two clusters."""
    return _mistakes(model, features, _Kind(truth, found), _why_missed)


def _why_linked(model: Model, pair: ScoredPair, shares_key: bool) -> str:
    direct = shares_key and pair.probability >= model.bands.match
    return "linked" if direct else "joined through others"


def _why_missed(model: Model, pair: ScoredPair, shares_key: bool) -> str:
    if not shares_key:
        return "never compared: no shared key"
    if pair.probability < model.bands.review:
        return "below the review band"
    if pair.probability < model.bands.match:
        return "in the review band"
    return "kept apart by a rule"


def _mistakes(
    model: Model, features: Mapping[int, Features], kind: _Kind, why: Any
) -> Mistakes:
    count, pairs = _pairs(kind)
    reasons: Counter[str] = Counter()
    patterns: dict[tuple[tuple[str, ...], ...], Pattern] = {}
    for pair in Scorer(model).score_all(features, pairs):
        shares = model.shares_block(features[pair.a], features[pair.b])
        reason = why(model, pair, shares)
        reasons[reason] += 1
        sides = _sides(pair)
        agree, differ, missing = map(list, sides)
        pattern = patterns.setdefault(sides, Pattern(agree, differ, missing))
        pattern.count += 1
        if len(pattern.examples) < EXAMPLES:
            pattern.examples.append(_example(pair, reason))
    most = sorted(patterns.values(), key=lambda p: (-p.count, p.agree, p.differ))
    return Mistakes(count, len(pairs), dict(reasons.most_common()), most[:SHOWN])


def _sides(pair: ScoredPair) -> tuple[tuple[str, ...], ...]:
    sides: dict[str, list[str]] = {"agree": [], "differ": [], "missing": []}
    for comparison, part in pair.evidence.items():
        weight = part["mw"] + part.get("tf", 0.0)
        if part["level"] == "missing":
            sides["missing"].append(comparison)
        elif weight:
            sides["agree" if weight > 0 else "differ"].append(comparison)
    return tuple(tuple(names) for names in sides.values())


def _example(pair: ScoredPair, reason: str) -> dict[str, Any]:
    return {
        "rows": [pair.a, pair.b],
        "weight": round(pair.weight, 3),
        "why": reason,
        "levels": {name: part["level"] for name, part in pair.evidence.items()},
    }


def _pairs(kind: _Kind) -> tuple[int, list[tuple[int, int]]]:
    """Return how many pairs are inside one group and across two, and some of them."""
    groups = _groups(kind)
    counts = [_crossing(members, kind.across) for members in groups]
    total = sum(counts)
    if total <= EXAMINED:
        every = (pair for members in groups for pair in _across(members, kind.across))
        return total, list(every)
    draw = random.Random(SEED)
    drawn = Counter(draw.choices(range(len(groups)), weights=counts, k=EXAMINED))
    chosen: set[tuple[int, int]] = set()
    for place, times in drawn.items():
        chosen.update(_some_across(groups[place], kind.across, draw, times))
    return total, sorted(chosen)


def _some_across(
    members: Sequence[int],
    across: Sequence[Hashable],
    draw: random.Random,
    times: int,
) -> Iterator[tuple[int, int]]:
    """Give pairs drawn from those across two groups, each as likely as another."""
    sizes = Counter(across[record] for record in members)
    weights = [len(members) - sizes[across[record]] for record in members]
    largest, most = sizes.most_common(1)[0]
    few = [record for record in members if across[record] != largest]
    for a in draw.choices(members, weights=weights, k=times):
        # else nearly every draw could fall on the side of `a` itself
        others = few if across[a] == largest and 2 * most > len(members) else members
        b = draw.choice(others)
        while across[b] == across[a]:
            b = draw.choice(others)
        yield min(a, b), max(a, b)


def _groups(kind: _Kind) -> list[list[int]]:
    members: dict[Hashable, list[int]] = defaultdict(list)
    for record, label in enumerate(kind.inside):
        members[label].append(record)
    return [m for m in members.values() if len({kind.across[r] for r in m}) > 1]


def _crossing(members: Sequence[int], across: Sequence[Hashable]) -> int:
    sizes = Counter(across[record] for record in members)
    return (len(members) ** 2 - sum(n * n for n in sizes.values())) // 2


def _across(
    members: Sequence[int], across: Sequence[Hashable]
) -> Iterator[tuple[int, int]]:
    for a, b in combinations(members, 2):
        if across[a] != across[b]:
            yield a, b
