"""How sure a measured share is: intervals of 95 %, by two methods.

Wilson's score interval (Wilson 1927, J. Am. Stat. Assoc. 22) holds near 0 and 1, but
takes pairs for independent. They are not: one person of ten records gives 45. So beside
it stands a bootstrap that draws whole true entities with replacement (the cluster-wise
estimators of Binette et al. 2023, The American Statistician 77): a pair of two entities
counts half to each.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Z = 1.959963984540054
"""The normal quantile of a two-sided 95 %."""
DRAWS = 400
SEED = 20260101
Floats = npt.NDArray[np.float64]


class Interval(NamedTuple):
    """The ends of an interval of 95 %."""

    low: float
    high: float


class Intervals(NamedTuple):
    """Precision and recall by both methods, F1 by the bootstrap, of all pairs."""

    precision_wilson: Interval
    recall_wilson: Interval
    precision: Interval
    recall: Interval
    f1: Interval


def wilson(right: int, of: int) -> Interval:
    """Return Wilson's score interval of a share; of nothing, all is possible."""
    if not of:
        return Interval(0.0, 1.0)
    share, spread = right / of, Z * Z / of
    middle = share + spread / 2
    half = Z * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    low, high = (middle - half) / (1 + spread), (middle + half) / (1 + spread)
    return Interval(max(0.0, low), min(1.0, high))


def pair_intervals(truth: Sequence[str], found: Sequence[int]) -> Intervals:
    """Return the intervals for clusters `found` over records whose `truth` is known."""
    counts = _by_entity(truth, found)
    right, linked, true = (round(float(c.sum())) for c in counts)
    rng = np.random.default_rng(SEED)
    draws = np.array([_drawn(rng, counts) for _ in range(DRAWS)])
    low, high = np.nanpercentile(draws, [2.5, 97.5], axis=0)
    spread = [Interval(float(a), float(b)) for a, b in zip(low, high, strict=True)]
    return Intervals(wilson(right, linked), wilson(right, true), *spread)


def _drawn(
    rng: np.random.Generator, counts: tuple[Floats, Floats, Floats]
) -> tuple[float, float, float]:
    """Return precision, recall and F1 of as many entities, drawn with replacement."""
    size = len(counts[0])
    times = np.bincount(rng.integers(0, size, size), minlength=size)
    right, linked, true = (float(times @ column) for column in counts)
    both = linked + true
    return (
        right / linked if linked else 1.0,
        right / true if true else 1.0,
        2 * right / both if both else 1.0,
    )


def _by_entity(
    truth: Sequence[str], found: Sequence[int]
) -> tuple[Floats, Floats, Floats]:
    """Return, for each entity, its right pairs, linked pairs and true pairs.

    Of the linked pairs of two entities each has half, so the sums are those of all.
    """
    both = Counter(zip(truth, found, strict=True))
    sizes: Mapping[int, int] = Counter(found)
    place = {entity: i for i, entity in enumerate(dict.fromkeys(truth))}
    right, linked, true = (np.zeros(len(place)) for _ in range(3))
    for (entity, label), n in both.items():
        right[place[entity]] += n * (n - 1) / 2
        linked[place[entity]] += n * (n - 1) / 2 + n * (sizes[label] - n) / 2
    for entity, n in Counter(truth).items():
        true[place[entity]] = n * (n - 1) / 2
    return right, linked, true
