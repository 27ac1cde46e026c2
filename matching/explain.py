"""Why two records are one customer, or why not: the weights field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2
from typing import Any

from matching.bands import Band
from matching.batch import predict
from matching.blocking import SEPARATOR
from matching.model import Model
from matching.normalise import Features

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
}


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
class Explanation:
    """The whole waterfall of a pair, from the prior to the verdict."""

    prior: float
    steps: list[Step]
    weight: float
    probability: float
    band: Band
    shared_keys: list[str]
    verdict: str


def explain(model: Model, left: Features, right: Features) -> Explanation:
    """Return how the model compares two records, compared before or never."""
    pair = predict(model, {1: left, 2: right}, [(1, 2)])[0]
    steps = waterfall(model, pair.evidence, left, right)
    shared = sorted(model.keys(left) & model.keys(right))
    band = model.bands.of(pair.probability)
    return Explanation(
        prior=prior_weight(model),
        steps=steps,
        weight=pair.weight,
        probability=pair.probability,
        band=band,
        shared_keys=[key.replace(SEPARATOR, " ") for key in shared],
        verdict=_verdict(band, bool(shared), steps),
    )


def waterfall(
    model: Model, evidence: Mapping[str, Any], left: Features, right: Features
) -> list[Step]:
    """Return the steps of a stored link's evidence, with the values compared."""
    total = prior_weight(model)
    steps = []
    for comparison, part in evidence.items():
        added = part["mw"] + part.get("tf", 0.0)
        total += added
        steps.append(
            Step(
                comparison=comparison,
                level=part["level"],
                weight=added,
                left=_values(left, comparison),
                right=_values(right, comparison),
                total=total,
            )
        )
    return steps


def prior_weight(model: Model) -> float:
    """Return the weight before any field is compared."""
    prior = float(model.settings["probability_two_random_records_match"])
    return log2(prior / (1 - prior))


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


def _values(features: Features, comparison: str) -> list[str]:
    values: list[str] = []
    for field in FIELDS.get(comparison, ()):
        held = features.get(field)
        if held is not None:
            values.extend(held if isinstance(held, list) else [str(held)])
    return values
