"""Whom an incomplete description may mean, and what to ask next.

A stream never asks; a clerk can. So below the bands there is one more shade: a record
that nothing contradicts and that the fields still unknown could make a match.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from matching.explain import MISSING, best_levels, values_of, weight_at
from matching.model import Model
from matching.normalise import Features
from matching.scored_pair import ScoredPair

CONTRADICTION_BITS = 5.0
"""Weight against from which one field (32 to 1) says: somebody else."""

NEVER_ASKED = frozenset({"gender", "national_id", "household"})

# The comparisons that a clerk must fill for a feature of a blocking rule to exist.
_FILLED_BY: Mapping[str, tuple[str, ...]] = {
    "cards": ("card",),
    "emails": ("email",),
    "phones": ("phone",),
    "whole_names": ("given_name", "family_name"),
    "names": ("family_name",),
    "given_roots": ("given_name",),
    "given_initial": ("given_name",),
    "family_sound": ("family_name",),
    "birth_date": ("birth_date",),
    "birth_year": ("birth_date",),
    "postal_code": ("address",),
    "city": ("address",),
    "address": ("address",),
}


def open_weights(model: Model, pair: ScoredPair, stored: Features) -> dict[str, float]:
    """Return what each field unknown of the person, but not of the record, may add."""
    best = best_levels(model)
    return {
        comparison: best[comparison].weight
        for comparison, part in pair.evidence.items()
        if part["level"] == MISSING
        and comparison not in NEVER_ASKED
        and values_of(stored, comparison)
    }


def could_be(model: Model, pair: ScoredPair, open_: Mapping[str, float]) -> bool:
    """Say if nothing contradicts a pair that the open fields could make a match."""
    added = [part["mw"] + part.get("tf", 0.0) for part in pair.evidence.values()]
    reachable = pair.weight + sum(open_.values())
    return min(added) > -CONTRADICTION_BITS and reachable >= weight_at(
        model.bands.match
    )


def telling(open_of_all: Iterable[Mapping[str, float]]) -> list[str]:
    """Return the open fields of several pairs, those that tell most first."""
    total: dict[str, float] = {}
    for open_ in open_of_all:
        for comparison, weight in open_.items():
            total[comparison] = total.get(comparison, 0.0) + weight
    return sorted(total, key=lambda comparison: (-total[comparison], comparison))


def completing(model: Model, query: Features) -> list[str]:
    """Return the fields of which one more would give a description its first key."""
    found: dict[str, None] = {}
    for rule in model.rules:
        lacking = [column for column in rule.columns if not query.get(column)]
        if len(lacking) != 1:
            continue
        for comparison in _FILLED_BY.get(lacking[0], ()):
            if not values_of(query, comparison) or comparison == "address":
                found[comparison] = None
    return list(found)
