"""Pairs whose answer a person gave: checked, then used for what they can say.

Stewards are asked about doubtful pairs, so labels are no sample of all matches: they
do not teach m (that would make every match look doubtful), and the precision measured
on them is that of doubtful pairs. What they can tell is whether links near the
threshold are right, and only that they change: the threshold moves a step where the
labelled pairs between two steps leave no doubt (Wilson's interval at 95 %).
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from matching.clustering.cluster import Verdict
from matching.errors import MatchingError
from matching.features.normalise import Features
from matching.model.bands import Bands
from matching.model.model_version import Model
from matching.scoring.scored_pair import ScoredPair
from matching.scoring.splink_predict import predict
from matching.training.confidence_intervals import Interval, wilson

STEPS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999)
SURE = 0.9
"""The share of right links that a step must surely reach, or surely miss, to count."""


class UnusableLabels(MatchingError):
    """Labels that cannot teach: unreadable, or they contradict each other."""


class Label(NamedTuple):
    """What a person said of two records, and where that is written."""

    left: Hashable
    right: Hashable
    verdict: Verdict
    place: str


@dataclass(frozen=True)
class LabelReport:
    """What the labels said of a model, before and after the threshold moved."""

    same: int
    different: int
    not_found: int
    threshold_before: float
    threshold: float
    never_compared: int
    linked: int
    precision: float
    precision_interval: Interval
    recall: float
    recall_interval: Interval

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return asdict(self) | {
            "precision_interval": list(self.precision_interval),
            "recall_interval": list(self.recall_interval),
        }


def read_labels(file: Path) -> list[Label]:
    """Return the labels of a CSV file: left, right, verdict; raises UnusableLabels."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnusableLabels(f"{file}: {error}") from error
    if missing := {"left", "right", "verdict"} - set(reader.fieldnames or ()):
        raise UnusableLabels(
            f"{file} has no column {', '.join(sorted(missing))}; write the columns "
            "left,right,verdict"
        )
    return [_label(file, number, row) for number, row in enumerate(rows, start=2)]


def _label(file: Path, number: int, row: Mapping[str, str | None]) -> Label:
    left, right, verdict = (
        (row[name] or "").strip() for name in ("left", "right", "verdict")
    )
    if verdict not in set(Verdict) or not left or not right or left == right:
        raise UnusableLabels(
            f"{file}, line {number}: write two different records and same or different"
        )
    return Label(left, right, Verdict(verdict), f"line {number}")


def refuse_contradictions(labels: Sequence[Label]) -> None:
    """Raise UnusableLabels with the chain that says both *same* and *different*."""
    near: dict[Hashable, list[Label]] = {}
    for label in labels:
        if label.verdict is Verdict.SAME:
            near.setdefault(label.left, []).append(label)
            near.setdefault(label.right, []).append(label)
    for label in labels:
        if label.verdict is Verdict.SAME:
            continue
        if chain := _chain(near, label.left, label.right):
            said = "; ".join(map(_sentence, [*chain, label]))
            raise UnusableLabels(
                f"labels contradict each other: {said}. Correct or remove one of "
                "them (`couture decisions revoke` for a decision)."
            )


def _chain(
    near: Mapping[Hashable, Sequence[Label]], start: Hashable, end: Hashable
) -> list[Label]:
    """Return the shortest chain of labels *same* from one record to another."""
    paths: dict[Hashable, list[Label]] = {start: []}
    waiting = deque([start])
    while waiting:
        at = waiting.popleft()
        for label in near.get(at, ()):
            other = label.right if label.left == at else label.left
            if other not in paths:
                paths[other] = [*paths[at], label]
                waiting.append(other)
    return paths.get(end, [])


def _sentence(label: Label) -> str:
    return f"{label.left} {label.verdict} {label.right} ({label.place})"


class _Scored(NamedTuple):
    same: bool
    shares_key: bool
    pair: ScoredPair


def learn_from(
    model: Model,
    features: Mapping[int, Features],
    labels: Sequence[Label],
    records: Mapping[Any, int],
) -> tuple[Model, LabelReport]:
    """Return the model with the threshold that the labels allow, and what they said.

    `records` tells which record a label's end is. Raises UnusableLabels if the labels
    contradict each other or none of them names two known records.
    """
    refuse_contradictions(labels)
    known = [x for x in labels if x.left in records and x.right in records]
    if not known:
        raise UnusableLabels(
            f"none of the {len(labels)} labels names two records that are there; "
            "name records as the training does (source keys, or --id COLUMN)"
        )
    scored = _scored(model, features, known, records)
    match = _moved(model.bands, [one for one in scored if one.shares_key])
    bands = Bands(review=min(model.bands.review, match), match=match)
    report = _report(scored, match, model.bands.match, len(labels) - len(known))
    return replace(model, bands=bands), report


def _scored(
    model: Model,
    features: Mapping[int, Features],
    labels: Sequence[Label],
    records: Mapping[Any, int],
) -> list[_Scored]:
    verdicts = {}
    for label in labels:
        a, b = sorted((records[label.left], records[label.right]))
        verdicts[a, b] = label.verdict is Verdict.SAME
    return [
        _Scored(
            verdicts[pair.a, pair.b],
            model.shares_block(features[pair.a], features[pair.b]),
            pair,
        )
        for pair in predict(model, features, list(verdicts))
    ]


def _moved(bands: Bands, scored: Sequence[_Scored]) -> float:
    """Return the threshold moved down, or else up, while the labels leave no doubt."""
    match = bands.match
    for step in sorted((s for s in STEPS if s < match), reverse=True):
        if _between(scored, step, match).low < SURE:
            break
        match = step
    if match < bands.match:
        return match
    for step in (s for s in STEPS if s > match):
        if _between(scored, match, step).high >= SURE:
            break
        match = step
    return match


def _between(scored: Sequence[_Scored], low: float, high: float) -> Interval:
    inside = [one.same for one in scored if low <= one.pair.probability < high]
    return wilson(sum(inside), len(inside))


def _report(
    scored: Sequence[_Scored], match: float, before: float, not_found: int
) -> LabelReport:
    same = [one for one in scored if one.same]
    linked = [one for one in scored if one.shares_key and one.pair.probability >= match]
    right = sum(one.same for one in linked)
    return LabelReport(
        same=len(same),
        different=len(scored) - len(same),
        not_found=not_found,
        threshold_before=before,
        threshold=match,
        never_compared=sum(not one.shares_key for one in same),
        linked=len(linked),
        precision=right / len(linked) if linked else 0.0,
        precision_interval=wilson(right, len(linked)),
        recall=right / len(same) if same else 0.0,
        recall_interval=wilson(right, len(same)),
    )
