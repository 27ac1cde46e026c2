"""Measure a model, or the recipe, against records whose answer is known."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from matching.clustering.cluster import Link
from matching.clustering.guarded_clusters import cluster_by
from matching.evaluation.error_analysis import Mistakes, false_links, missed_pairs
from matching.features.dates import Order
from matching.features.file_records import UnreadableRows, read_rows
from matching.model.model_version import Model
from matching.scoring.scorer import Scorer
from matching.scoring.splink_predict import resolve_batch
from matching.training.confidence_intervals import Intervals, pair_intervals
from matching.training.train import train_features


@dataclass(frozen=True)
class Measure:
    """How many of the found are right, how many of the right are found."""

    precision: float
    recall: float
    f1: float

    @classmethod
    def of(cls, right: int, found: int, true: int) -> Measure:
        """Return the measure for counts; nothing found or nothing to find is 0."""
        precision = right / found if found else 0.0
        recall = right / true if true else 0.0
        both = found + true
        return cls(precision, recall, 2 * right / both if both else 0.0)


@dataclass(frozen=True)
class Report:
    """Accuracy of the clusters: by all pairs inside them, whole, and a record.

    `bcubed` is B-cubed (Bagga and Baldwin 1998): of each record, the share of its
    cluster that is its person, and of its person that is in its cluster.
    """

    pairs: Measure
    clusters: Measure
    bcubed: Measure
    intervals: Intervals
    records: int
    seconds: float
    errors: Mapping[str, Mistakes] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        ends = {name: list(ends) for name, ends in self.intervals._asdict().items()}
        return asdict(self) | {"intervals": ends}


def evaluate(
    files: Sequence[Path],
    columns: Mapping[str, str],
    truth: str,
    *,
    dates: Order = "YMD",
    model: Model | None = None,
) -> Report:
    """Standardise, train by the recipe (or take a model), predict, cluster, measure."""
    started = time.monotonic()
    if model is not None:
        Scorer(model, beside_splink=True)  # refuses a bundle that must not score here
    rows = read_rows(files, columns, truth=truth, dates=dates)
    if any(row.truth is None for row in rows):
        raise UnreadableRows(f"some rows have no value in the truth column {truth}")
    normalised = [row.features for row in rows]
    model = model or train_features(normalised)
    features = {i: model.freeze(record) for i, record in enumerate(normalised)}
    answers = [str(row.truth) for row in rows]
    found = clusters_of(model, features)
    pairs, clusters = measure(answers, found)
    return Report(
        pairs=pairs,
        clusters=clusters,
        bcubed=bcubed(answers, found),
        intervals=pair_intervals(answers, found),
        records=len(rows),
        errors={
            "false_links": false_links(model, features, answers, found),
            "missed_pairs": missed_pairs(model, features, answers, found),
        },
        seconds=round(time.monotonic() - started, 3),
    )


def clusters_of(model: Model, features: Mapping[int, dict[str, Any]]) -> list[int]:
    """Return the cluster of each record, in the order of the mapping."""
    links = [
        Link(p.a, p.b, p.weight, p.probability)
        for p in resolve_batch(model, features).pairs
    ]
    labels = cluster_by(model, features, links).cluster
    return [labels[record] for record in features]


def measure(truth: Sequence[str], found: Sequence[int]) -> tuple[Measure, Measure]:
    """Return the measure of all pairs inside clusters, and of whole clusters."""
    both = Counter(zip(truth, found, strict=True))
    sizes, groups = Counter(truth), Counter(found)
    pairs = Measure.of(_pairs(both), _pairs(groups), _pairs(sizes))
    whole = sum(
        n == sizes[person] == groups[label] for (person, label), n in both.items()
    )
    return pairs, Measure.of(whole, len(groups), len(sizes))


def bcubed(truth: Sequence[str], found: Sequence[int]) -> Measure:
    """Return B-cubed precision, recall and F1: means over the records."""
    both = Counter(zip(truth, found, strict=True))
    sizes, groups = Counter(truth), Counter(found)
    precision = sum(n * n / groups[label] for (_, label), n in both.items())
    recall = sum(n * n / sizes[person] for (person, _), n in both.items())
    precision, recall = precision / len(truth), recall / len(truth)
    return Measure(precision, recall, 2 * precision * recall / (precision + recall))


def _pairs(counts: Mapping[Any, int]) -> int:
    return sum(n * (n - 1) // 2 for n in counts.values())
