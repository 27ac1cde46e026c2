"""Why two records are one customer, or why not: the weights field by field."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import log2
from typing import Any, NamedTuple

from matching.features.normalise import Features
from matching.model.bands import Band, weight_of
from matching.model.blocking import SEPARATOR, hashed
from matching.model.model_version import Model
from matching.scoring.scored_pair import ScoredPair

# What each comparison looks at, to be shown beside its weight.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "given_name": ("given_names",),
    "family_name": ("family_names",),
    "birth_date": ("birth_date",),
    "gender": ("gender",),
    "email": ("emails",),
    "phone": ("phones",),
    "address": ("street_number", "street", "postal_code", "city"),
    "card": ("cards",),
    "national_id": ("national_id",),
    "household": (),
    "contact": ("emails", "phones"),
}
MISSING = "missing"


@dataclass(frozen=True)
class Step:
    """One bar of the waterfall: what a comparison saw and what it added."""

    comparison: str
    level: str
    weight: float
    left: list[str]
    right: list[str]
    total: float


@dataclass(frozen=True)
class SharedRule:
    """A blocking rule that made two records candidates, and the kind of its values."""

    rule: str
    shares: list[str]


@dataclass(frozen=True)
class Cost:
    """What a field that is missing or differs takes from the weight of a pair.

    `at_best` is the weight if it agreed as well as it can, without the bonus of a
    rare value; `enough` says whether that alone would reach the match threshold.
    """

    comparison: str
    level: str
    weight: float
    at_best: float
    enough: bool


@dataclass(frozen=True)
class Explanation:
    """The whole waterfall of a pair, from the prior to the verdict."""

    prior: float
    steps: list[Step]
    weight: float
    probability: float
    needed: float
    band: Band
    shared_keys: list[str]
    rules: list[SharedRule]
    suspended: list[SharedRule]
    costs: list[Cost]
    verdict: str


class Best(NamedTuple):
    """The comparison level that speaks most for a match, and its weight."""

    level: str
    weight: float


def explained(
    model: Model,
    pair: ScoredPair,
    left: Features,
    right: Features,
    *,
    suspended: Collection[int] = (),
) -> Explanation:
    """Return the explanation of a scored pair; left is its record a, right b.

    Suspended keys, given by their hashes, make no candidates.
    """
    steps = waterfall(model, pair.evidence, left, right)
    both = model.keys(left) & model.keys(right)
    shared = sorted(key for key in both if hashed(key) not in suspended)
    band = model.bands.of(pair.probability)
    needed = weight_of(model.bands.match)
    return Explanation(
        prior=model.prior_weight,
        steps=steps,
        weight=pair.weight,
        probability=pair.probability,
        needed=needed,
        band=band,
        shared_keys=[key.replace(SEPARATOR, " ") for key in shared],
        rules=_rules_of(model, shared),
        suspended=_rules_of(model, both.difference(shared)),
        costs=costs(model, steps, weight=pair.weight, needed=needed),
        verdict=_verdict(band, bool(shared), steps),
    )


def waterfall(
    model: Model, evidence: Mapping[str, Any], left: Features, right: Features
) -> list[Step]:
    """Return the steps of a stored link's evidence, with the values compared."""
    total = model.prior_weight
    steps = []
    for comparison, part in evidence.items():
        added = part["mw"] + part.get("tf", 0.0)
        total += added
        steps.append(
            Step(
                comparison=comparison,
                level=part["level"],
                weight=added,
                left=values_of(left, comparison),
                right=values_of(right, comparison),
                total=total,
            )
        )
    return steps


def costs(
    model: Model, steps: list[Step], *, weight: float, needed: float
) -> list[Cost]:
    """Return what takes most from a pair, the dearest first."""
    best = best_levels(model)
    found = [
        Cost(
            step.comparison,
            step.level,
            step.weight,
            best[step.comparison].weight,
            weight - step.weight + best[step.comparison].weight >= needed,
        )
        for step in steps
        if step.comparison in best and _could_be_better(step, best[step.comparison])
    ]
    return sorted(found, key=lambda cost: cost.weight - cost.at_best)


def best_levels(model: Model) -> dict[str, Best]:
    """Return the best level of each comparison, by its m and u probabilities."""
    found = {}
    for comparison in model.settings["comparisons"]:
        levels = [
            Best(level["label_for_charts"], log2(m / u))
            for level in comparison["comparison_levels"]
            if (m := level.get("m_probability")) and (u := level.get("u_probability"))
        ]
        if levels:
            best = max(levels, key=lambda level: level.weight)
            found[comparison["output_column_name"]] = best
    return found


def values_of(features: Features, comparison: str) -> list[str]:
    """Return the values of a record that a comparison looks at."""
    values: list[str] = []
    for field in FIELDS.get(comparison, ()):
        held = features.get(field)
        if held is not None:
            values.extend(held if isinstance(held, list) else [str(held)])
    return values


def _rules_of(model: Model, keys: Iterable[str]) -> list[SharedRule]:
    """Return the rules that made these keys, in the model's order."""
    names = {key.partition(SEPARATOR)[0] for key in keys}
    return [
        SharedRule(rule.name, list(rule.columns))
        for rule in model.rules
        if rule.name in names
    ]


def _could_be_better(step: Step, best: Best) -> bool:
    # A rare value may add more, a common one less, than the level's own weight.
    return step.level != best.level and step.weight < best.weight


def _verdict(band: Band, shared: bool, steps: list[Step]) -> str:
    if not shared:
        return "no shared key: never compared"
    against = min(steps, key=lambda step: step.weight)
    if band is Band.MATCH:
        return "linked"
    kind = "doubtful" if band is Band.REVIEW else "not linked"
    if against.weight >= 0:
        return f"{kind}: too little is known of the two"
    return f"{kind}: {against.comparison.replace('_', ' ')}, {against.level}"
