"""Expectation maximisation for the m and u of every comparison level.

Splink's own sessions do this too; here all sessions share one table of agreements
(50 times as fast), u leaves out the pairs that look like matches (in data with many
records a person, random pairs are matches often enough to blur an identifier), and a
level too rare to learn leans on a default instead of staying unset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from matching.training.comparison_vectors import Agreements, Floats, Ints
from matching.training.default_parameters import DEFAULTS, NEUTRAL, NEUTRAL_U

PSEUDO_PAIRS = 20.0
FEWEST_PAIRS = 50
NAMES = ("given_name", "family_name")
SMALLEST_U = 1e-7
ROUNDS = 25
Shares = dict[str, Floats]


@dataclass(frozen=True)
class Fixed:
    """What is set before learning: frequencies that count, household weights."""

    adjusted: Mapping[str, Sequence[Level]]
    bits: Floats


class Level:
    """Where the frequencies of one level of a comparison come in."""

    def __init__(self, number: int, column: str) -> None:
        self.number, self.column = number, column


def adjusted_levels(settings: Mapping[str, Any]) -> dict[str, list[Level]]:
    """Return the levels whose weight depends on how common the value is."""
    found: dict[str, list[Level]] = {}
    for comparison in settings["comparisons"]:
        known = [
            x for x in comparison["comparison_levels"] if not x.get("is_null_level")
        ]
        for i, level in enumerate(known):
            if column := level.get("tf_adjustment_column"):
                number = len(known) - 1 - i
                found.setdefault(comparison["output_column_name"], []).append(
                    Level(number, column)
                )
    return found


def random_shares(pairs: Agreements, weights: Floats) -> Shares:
    """Return u: how often each level occurs among pairs of two people."""
    return {
        name: np.maximum(
            _shares(pairs.levels[name], weights, defaults, which=1, pseudo=1.0),
            SMALLEST_U,
        )
        for name, defaults in DEFAULTS.items()
    }


def counted_shares(
    u: Shares, pairs: Agreements, two_people: Floats, total: float
) -> Shares:
    """Return u with the identifiers' top level counted over all pairs, not sampled.

    Every pair that shares one is a candidate, so none is missing from the count.
    """
    counted = dict(u)
    for name in ("email", "phone", "card", "national_id"):
        level = pairs.levels[name]
        known = float((level >= 0).mean()) or 1.0
        same = float(two_people[level == len(DEFAULTS[name]) - 1].sum())
        if same:
            counted[name] = u[name].copy()
            counted[name][-1] = max(same / (total * known), SMALLEST_U)
    return counted


def match_shares(
    pairs: Agreements,
    u: Shares,
    sessions: Sequence[Sequence[str]],
    chosen: Sequence[np.ndarray[Any, Any]],
    given: Fixed,
) -> Shares:
    """Return m: how often each level occurs among pairs of one person.

    A session is the names of the comparisons that its pairs agree on by choice; they
    learn nothing in it. What several sessions learn is weighed by their matches.
    """
    counts = {name: np.zeros(len(d)) for name, d in DEFAULTS.items()}
    for fixed, rows in zip(sessions, chosen, strict=True):
        if len(rows) < FEWEST_PAIRS:
            continue
        active = [name for name in DEFAULTS if name not in fixed]
        learnt = _session(pairs, rows, u, active, given)
        for name in active:
            counts[name] += learnt[name]
    m = {
        name: _smoothed(counts[name], DEFAULTS[name], 0, PSEUDO_PAIRS)
        for name in counts
    }
    for name in NAMES:
        m[name] = _with_swaps(m[name], name)
    return m


def _with_swaps(m: Floats, name: str) -> Floats:
    """Return m with at least the default share of swaps.

    Sessions that agree on one name see no swap of it with the other.
    """
    expected = DEFAULTS[name][-2][0]
    if m[1] < expected:
        m = m * (1 - expected) / (1 - m[1])
        m[1] = expected
    return m


def weights_of(
    pairs: Agreements,
    rows: Any,
    m: Shares,
    u: Shares,
    names: Sequence[str],
    given: Fixed,
) -> Floats:
    """Return the log2 evidence of the pairs, without the prior."""
    total = given.bits[pairs.levels["household"][rows]].copy()
    for name in names:
        level = pairs.levels[name][rows]
        known = level >= 0
        bits = np.log2(m[name] / u[name])
        if name in NEUTRAL:
            bits[NEUTRAL[name]] = 0.0
        total[known] += bits[level[known]]
        for one in given.adjusted.get(name, ()):
            frequency = pairs.frequencies[one.column][rows]
            there = (level == one.number) & ~np.isnan(frequency)
            usual = (
                NEUTRAL_U if NEUTRAL.get(name) == one.number else u[name][one.number]
            )
            total[there] += np.log2(usual / frequency[there])
    return np.asarray(total, dtype=np.float64)


def probabilities(weights: Floats, prior: float) -> Floats:
    """Return match probabilities for weights and a prior."""
    odds = np.clip(weights + np.log2(prior / (1 - prior)), -500, 500)
    return np.asarray(1 / (1 + np.exp2(-odds)), dtype=np.float64)


def _session(
    pairs: Agreements,
    rows: Any,
    u: Shares,
    active: Sequence[str],
    given: Fixed,
) -> Shares:
    """Return the expected counts of each level among the matches of one session."""
    m = {
        name: _smoothed(np.zeros(len(DEFAULTS[name])), DEFAULTS[name], 0, 1.0)
        for name in active
    }
    prior = 0.5
    counts: Shares = {}
    for _ in range(ROUNDS):
        chance = probabilities(weights_of(pairs, rows, m, u, active, given), prior)
        prior = float(np.clip(chance.mean(), 1e-4, 1 - 1e-4))
        counts = {
            name: _counted(pairs.levels[name][rows], chance, len(DEFAULTS[name]))
            for name in active
        }
        m = {
            name: _smoothed(counts[name], DEFAULTS[name], 0, PSEUDO_PAIRS)
            for name in active
        }
    return counts


def _shares(
    levels: Ints,
    weights: Floats,
    defaults: Sequence[tuple[float, float]],
    *,
    which: int,
    pseudo: float,
) -> Floats:
    return _smoothed(_counted(levels, weights, len(defaults)), defaults, which, pseudo)


def _counted(levels: Ints, weights: Floats, size: int) -> Floats:
    known = levels >= 0
    counts = np.bincount(levels[known], weights=weights[known], minlength=size)
    return counts.astype(np.float64)


def _smoothed(
    counts: Floats, defaults: Sequence[tuple[float, float]], which: int, pseudo: float
) -> Floats:
    # Splink numbers the levels from the last; the defaults are written from the first.
    expected = np.array([pair[which] for pair in reversed(defaults)])
    expected = expected / expected.sum()
    return np.asarray((counts + pseudo * expected) / (counts.sum() + pseudo))
