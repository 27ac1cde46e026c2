"""Whom an incomplete description may mean, and what to ask next.

A stream never asks; a clerk can. So below the bands there is one more shade: a record
that nothing contradicts, and that would be a match if all that is not known of the
person agreed with it. Whether it would is no guess: the description, filled up from
the record, is scored like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from matching.explanation.explain import MISSING, values_of
from matching.features.normalise import Features
from matching.model.bands import Band
from matching.model.model_version import Model
from matching.scoring.scored_pair import ScoredPair

CONTRADICTION_BITS = 5.0
"""Weight against from which one field (32 to 1) says: somebody else."""

NEVER_ASKED = frozenset({"gender", "national_id"})
_OF_HOME = "household"
_OF_PERSON = ("given_name", "birth_date")

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


def fill_missing(query: Features, stored: Features) -> Features:
    """Return a description with all that it lacks taken from a record."""
    return {
        column: stored.get(column) if value is None else value
        for column, value in query.items()
    }


def possible_match(model: Model, pair: ScoredPair, at_best: ScoredPair) -> bool:
    """Say whether a pair, contradicted by nothing, would be a match if filled up."""
    against = (_added(part) for name, part in pair.evidence.items() if name != _OF_HOME)
    return (
        min(against, default=0.0) > -CONTRADICTION_BITS
        and model.bands.of(at_best.probability) is Band.MATCH
    )


def gain_by_field(pair: ScoredPair, at_best: ScoredPair) -> dict[str, float]:
    """Return the weight that each field not known of the person could add."""
    found = {
        comparison: _added(at_best.evidence[comparison])
        for comparison, part in pair.evidence.items()
        if part["level"] == MISSING and at_best.evidence[comparison]["level"] != MISSING
    }
    # What holds two people of one home apart is told by the person's own fields.
    home = (_added(one.evidence.get(_OF_HOME, {"mw": 0.0})) for one in (at_best, pair))
    told = max(0.0, next(home) - next(home))
    return {
        name: gain + (told if name in _OF_PERSON else 0.0)
        for name, gain in found.items()
        if name not in NEVER_ASKED
    }


def fields_to_ask(gains_of_all: Iterable[Mapping[str, float]]) -> list[str]:
    """Return the fields to ask for, those that tell most of several pairs first."""
    total: dict[str, float] = {}
    for of_one in gains_of_all:
        for comparison, gain in of_one.items():
            total[comparison] = total.get(comparison, 0.0) + gain
    return sorted(total, key=lambda comparison: (-total[comparison], comparison))


def fields_for_first_key(model: Model, query: Features) -> list[str]:
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


def _added(part: Mapping[str, Any]) -> float:
    return float(part["mw"] + part.get("tf", 0.0))
