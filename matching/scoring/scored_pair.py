"""A pair with its match weight and where the weight comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class ScoredPair(NamedTuple):
    """Two records, a < b, with their match weight and what each comparison gave."""

    a: int
    b: int
    weight: float
    probability: float
    evidence: dict[str, Any]


@dataclass(frozen=True)
class Columns:
    """Which columns of Splink's answer hold the evidence, and how to read a row."""

    comparisons: tuple[str, ...]
    with_frequencies: frozenset[str]
    levels: dict[str, dict[int, str]]

    @property
    def sql(self) -> str:
        """The select list that `scored` reads."""
        names = ["unique_id_l", "unique_id_r", "match_weight", "match_probability"]
        for comparison in self.comparisons:
            names += [f"gamma_{comparison}", f"mw_{comparison}"]
            if comparison in self.with_frequencies:
                names.append(f"mw_tf_adj_{comparison}")
        return ", ".join(names)

    @property
    def evidence_sql(self) -> str:
        """The expression, in DuckDB, of what `scored` gives as evidence, as JSON."""
        parts = []
        for name in self.comparisons:
            labels = " ".join(
                f"when {gamma} then {_quoted(label)}"
                for gamma, label in self.levels[name].items()
            )
            fields = [f"level := case gamma_{name} {labels} end", f"mw := mw_{name}"]
            if name in self.with_frequencies:
                fields.append(f"tf := mw_tf_adj_{name}")
            parts.append(f"{name} := struct_pack({', '.join(fields)})")
        return f"to_json(struct_pack({', '.join(parts)}))"

    def scored(self, row: Sequence[Any]) -> ScoredPair:
        """Return one row of the answer as a scored pair."""
        a, b, weight, probability, *rest = row
        evidence: dict[str, Any] = {}
        values = iter(rest)
        for comparison in self.comparisons:
            gamma, mw = next(values), next(values)
            part = {"level": self.levels[comparison][gamma], "mw": mw}
            if comparison in self.with_frequencies:
                part["tf"] = next(values)
            evidence[comparison] = part
        return ScoredPair(a, b, weight, probability, evidence)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def comparison_columns(settings: Mapping[str, Any]) -> Columns:
    """Return how Splink's answer for these settings is read."""
    levels: dict[str, dict[int, str]] = {}
    adjusted: set[str] = set()
    for comparison in settings["comparisons"]:
        name = comparison["output_column_name"]
        levels[name] = level_labels(comparison)
        if any("tf_adjustment_column" in x for x in comparison["comparison_levels"]):
            adjusted.add(name)
    return Columns(tuple(levels), frozenset(adjusted), levels)


def level_labels(comparison: Mapping[str, Any]) -> dict[int, str]:
    """Return the label of each comparison level by Splink's number for it."""
    listed = comparison["comparison_levels"]
    known = [x for x in listed if not x.get("is_null_level")]
    labels = {
        len(known) - 1 - i: str(level["label_for_charts"])
        for i, level in enumerate(known)
    }
    return labels | {-1: "missing"}
