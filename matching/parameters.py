"""The numbers of a trained model made whole: nothing missing, nothing absurd."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

SMALLEST_M = 1e-3
SMALLEST_U = 1e-7

# For levels no record could teach: (m, u) as in most retail data.
DEFAULTS: dict[str, list[tuple[float, float]]] = {
    "given_name": [(0.80, 0.008), (0.06, 0.006), (0.02, 0.01), (0.04, 0.004),
                   (0.02, 0.02), (0.01, 0.001), (0.05, 0.951)],
    "family_name": [(0.82, 0.002), (0.05, 0.0005), (0.05, 0.001), (0.02, 0.006),
                    (0.01, 0.001), (0.05, 0.99)],
    "birth_date": [(0.90, 4e-5), (0.01, 5e-5), (0.04, 1e-3), (0.02, 3e-3),
                   (0.01, 0.014), (0.02, 0.98)],
    "gender": [(0.98, 0.5), (0.02, 0.5)],
    "email": [(0.70, 1e-5), (0.06, 2e-5), (0.06, 2e-4), (0.18, 0.9997)],
    "phone": [(0.65, 2e-5), (0.02, 2e-6), (0.33, 0.9999)],
    "address": [(0.55, 2e-5), (0.08, 1e-4), (0.03, 5e-5), (0.02, 5e-5), (0.07, 1e-3),
                (0.03, 1e-3), (0.05, 5e-3), (0.01, 2e-3), (0.02, 2e-3), (0.14, 0.98)],
    "card": [(0.80, 1e-7), (0.20, 1.0)],
    "national_id": [(0.90, 1e-7), (0.07, 1e-6), (0.03, 1.0)],
}  # fmt: skip


def filled(trained: Mapping[str, Any]) -> dict[str, Any]:
    """Return trained settings with a sane m and u for every level."""
    settings = copy.deepcopy(dict(trained))
    for comparison in settings["comparisons"]:
        defaults = DEFAULTS.get(comparison["output_column_name"])
        if defaults:
            levels = [
                x for x in comparison["comparison_levels"] if not x.get("is_null_level")
            ]
            for level, (m, u) in zip(levels, defaults, strict=True):
                level["m_probability"] = max(
                    level.get("m_probability") or m, SMALLEST_M
                )
                level["u_probability"] = max(
                    level.get("u_probability") or u, SMALLEST_U
                )
    # The columns of the evidence: Splink leaves them out of a saved model.
    settings["retain_matching_columns"] = True
    settings["retain_intermediate_calculation_columns"] = True
    return settings


def with_prior(settings: Mapping[str, Any], prior: float) -> dict[str, Any]:
    """Return settings with the share of matches among all pairs."""
    return {**settings, "probability_two_random_records_match": min(prior, 0.5)}
