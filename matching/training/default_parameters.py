"""The numbers of a model: what most retail data says, and what a training put there."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from matching.model.comparisons import comparisons, settings
from matching.model.household_comparison import HOUSEHOLD_LEVELS

# For levels no record could teach: (m, u), first level first, as in most retail data.
DEFAULTS: dict[str, list[tuple[float, float]]] = {
    "given_name": [(0.85, 0.004), (0.03, 0.002), (0.01, 0.002), (0.06, 0.001),
                   (0.01, 0.003), (0.01, 2e-5), (0.03, 0.988)],
    "family_name": [(0.86, 0.001), (0.03, 0.0003), (0.06, 0.0007), (0.01, 0.0006),
                    (0.01, 2e-5), (0.03, 0.997)],
    "birth_date": [(0.90, 4e-5), (0.005, 0.015), (0.005, 0.03), (0.01, 5e-5),
                   (0.03, 1e-3), (0.01, 3e-3), (0.01, 1e-3), (0.01, 0.014),
                   (0.02, 0.94)],
    "gender": [(0.98, 0.5), (0.02, 0.5)],
    "email": [(0.75, 1e-6), (0.05, 0.05), (0.05, 1e-4), (0.15, 0.9999)],
    "phone": [(0.70, 1e-6), (0.03, 1e-6), (0.27, 1.0)],
    "address": [(0.60, 1e-5), (0.06, 1e-5), (0.03, 2e-5), (0.02, 2e-5), (0.05, 1e-3),
                (0.05, 1e-3), (0.03, 2e-3), (0.01, 1e-3), (0.01, 5e-3), (0.14, 0.98)],
    "card": [(0.90, 1e-8), (0.10, 1.0)],
    "national_id": [(0.90, 1e-8), (0.07, 1e-7), (0.03, 1.0)],
}  # fmt: skip


_HOUSEHOLD = next(
    c["comparison_levels"]
    for c in comparisons()
    if c["output_column_name"] == "household"
)
_LABELS = list(enumerate(level["label_for_charts"] for level in reversed(_HOUSEHOLD)))
NEUTRAL = {"email": 2, "family_name": 1}
"""Levels that count for nothing, by Splink's number."""
NEUTRAL_U = 0.5
"""u of a neutral level, from which the frequency of its value is reckoned."""
FIXED_BITS = np.array(
    [np.log2(x["m_probability"] / x["u_probability"]) for x in reversed(_HOUSEHOLD)]
)
"""Weights of the household levels, by Splink's number."""


def fixed_bits(households: bool) -> npt.NDArray[np.float64]:
    """Return the weights of the household levels for data with families or without."""
    bits = FIXED_BITS.copy()
    if not households:
        bits[[number for number, label in _LABELS if label in HOUSEHOLD_LEVELS]] = 0
    return bits


def with_shares(
    m: Mapping[str, npt.NDArray[np.float64]],
    u: Mapping[str, npt.NDArray[np.float64]],
    prior: float,
    *,
    households: bool,
) -> dict[str, Any]:
    """Return Splink settings with these parameters."""
    trained = copy.deepcopy(settings())
    for comparison in trained["comparisons"]:
        name = comparison["output_column_name"]
        if name == "household" and not households:
            for level in comparison["comparison_levels"]:
                if level["label_for_charts"] in HOUSEHOLD_LEVELS:
                    level["m_probability"] = level["u_probability"]
        if name in m:
            known = [
                x for x in comparison["comparison_levels"] if not x.get("is_null_level")
            ]
            for number, level in enumerate(reversed(known)):
                if not level.get("fix_m_probability"):
                    level["m_probability"] = float(m[name][number])
                    level["u_probability"] = float(u[name][number])
    trained["probability_two_random_records_match"] = min(prior, 0.5)
    trained["retain_matching_columns"] = True
    return trained
