"""What people said of pairs: refused if it contradicts itself, used where sure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from matching.clustering.cluster import Verdict
from matching.model.bands import Bands
from matching.model.model_version import Model
from matching.scoring.scored_pair import ScoredPair
from matching.training import labelled_pairs as labelling
from matching.training.labelled_pairs import (
    Label,
    UnusableLabels,
    learn_from,
    read_labels,
    refuse_contradictions,
)
from tests.matching.people import crowd

SAME, DIFFERENT = Verdict.SAME, Verdict.DIFFERENT


def said(*pairs: tuple[str, str, Verdict]) -> list[Label]:
    return [Label(*pair, f"line {n}") for n, pair in enumerate(pairs, start=2)]


def test_a_triangle_that_contradicts_itself_is_refused_with_its_chain() -> None:
    with pytest.raises(UnusableLabels) as refused:
        refuse_contradictions(
            said(
                ("c", "d", SAME), ("a", "b", SAME), ("x", "a", DIFFERENT),
                ("b", "c", SAME), ("c", "a", DIFFERENT),
            )
        )  # fmt: skip
    told = str(refused.value)
    assert "a same b (line 3)" in told
    assert "b same c (line 5)" in told
    assert "c different a (line 6)" in told
    assert "line 2" not in told
    assert "remove one" in told


def test_a_pair_decided_both_ways_is_refused() -> None:
    with pytest.raises(UnusableLabels, match=r"a same b .*b different a"):
        refuse_contradictions(said(("a", "b", SAME), ("b", "a", DIFFERENT)))
    refuse_contradictions(said(("a", "b", SAME), ("b", "c", DIFFERENT)))


def test_a_file_is_read_or_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("left,right,verdict\npos:1,web:2,same\n", encoding="utf-8")
    assert read_labels(file) == [Label("pos:1", "web:2", SAME, "line 2")]
    file.write_text("left,right,verdict\npos:1,web:2,perhaps\n", encoding="utf-8")
    with pytest.raises(UnusableLabels, match="line 2"):
        read_labels(file)
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(UnusableLabels, match="left, right, verdict"):
        read_labels(file)


@pytest.fixture
def probabilities(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[int, int], float]:
    """Match probabilities that a test chooses, in place of the model's."""
    chosen: dict[tuple[int, int], float] = {}

    def predict(model: object, features: object, pairs: object) -> list[ScoredPair]:
        return [ScoredPair(a, b, 0.0, p, {}) for (a, b), p in chosen.items()]

    monkeypatch.setattr(labelling, "predict", predict)
    monkeypatch.setattr(Model, "shares_block", lambda *_: True)
    return chosen


def learnt(
    model: Model, pairs: list[tuple[float, bool]], chosen: dict[tuple[int, int], float]
) -> tuple[float, labelling.LabelReport]:
    """Return threshold and report for labelled pairs of these probabilities."""
    model = replace(model, bands=Bands(review=0.2, match=0.99))
    given = []
    for i, (probability, same) in enumerate(pairs):
        chosen[2 * i, 2 * i + 1] = probability
        given.append(Label(2 * i, 2 * i + 1, SAME if same else DIFFERENT, ""))
    places = {i: i for i in range(2 * len(pairs))}
    features = {i: {} for i in places}
    after, report = learn_from(model, features, given, places)
    assert after.bands.match == report.threshold
    return report.threshold, report


def test_few_labels_move_nothing(
    model: Model, probabilities: dict[tuple[int, int], float]
) -> None:
    match, report = learnt(model, [(0.97, True)] * 20, probabilities)
    assert match == report.threshold_before == 0.99
    assert report.recall == 0
    assert report.recall_interval.high < 0.2


def test_many_right_links_below_lower_the_threshold_step_by_step(
    model: Model, probabilities: dict[tuple[int, int], float]
) -> None:
    pairs = [(0.97, True)] * 50 + [(0.92, True)] * 50 + [(0.85, False)] * 10
    match, report = learnt(model, pairs, probabilities)
    assert match == 0.9
    assert (report.linked, report.precision, report.recall) == (100, 1, 1)
    assert 0.95 < report.precision_interval.low < 1


def test_wrong_links_above_raise_it(
    model: Model, probabilities: dict[tuple[int, int], float]
) -> None:
    pairs = [(0.995, False)] * 8 + [(0.9995, True)] * 8
    match, report = learnt(model, pairs, probabilities)
    assert match == 0.999
    assert (report.linked, report.precision) == (8, 1)


def test_labels_of_nobody_are_refused(model: Model) -> None:
    with pytest.raises(UnusableLabels, match="none of the 1 labels"):
        learn_from(model, {}, said(("a", "b", SAME)), {})


def test_the_model_itself_scores_what_was_labelled(model: Model) -> None:
    features = dict(enumerate(model.standardise(crowd(40, seed=3))))
    given = said(("0", "20", SAME), ("1", "22", DIFFERENT), ("0", "gone", SAME))
    _, report = learn_from(model, features, given, {str(i): i for i in features})
    assert (report.same, report.different, report.not_found) == (1, 1, 1)
    assert report.recall == 1
