"""How sure a measure is, and where a model errs."""

from __future__ import annotations

from itertools import combinations

import pytest

from matching.evaluation import error_analysis
from matching.evaluation.error_analysis import false_links, missed_pairs
from matching.evaluation.evaluate import bcubed, measure
from matching.model.model_version import Model
from matching.training.confidence_intervals import pair_intervals, wilson
from tests.matching.people import person


def test_wilsons_interval_is_that_of_the_textbook() -> None:
    low, high = wilson(81, 263)  # the example of Newcombe 1998, method 3
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson(0, 0) == (0, 1)
    assert wilson(10, 10).high == pytest.approx(1)
    assert 0.7 < wilson(10, 10).low < 0.75


def test_intervals_hold_the_measure_and_narrow_with_more_people() -> None:
    truth = [str(i // 3) for i in range(300)]
    found = [i // 3 if i % 10 else 1000 + i for i in range(300)]
    pairs, _ = measure(truth, found)
    few, many = (
        pair_intervals(truth, found),
        pair_intervals(
            [*truth, *(f"x{t}" for t in truth)], [*found, *(f + 5000 for f in found)]
        ),
    )
    assert few.recall.low < pairs.recall < few.recall.high
    assert few.f1.low < pairs.f1 < few.f1.high
    assert many.f1.high - many.f1.low < few.f1.high - few.f1.low
    assert few.precision == (1, 1)  # no draw has a false link: Wilson tells more
    assert few.precision_wilson.low < 1


def test_a_false_pair_lowers_the_precision_that_is_drawn() -> None:
    truth = [str(i // 2) for i in range(200)]
    found = [i // 4 if i < 40 else i // 2 + 100 for i in range(200)]
    drawn = pair_intervals(truth, found)
    pairs, _ = measure(truth, found)
    assert drawn.precision.low < pairs.precision < drawn.precision.high
    assert drawn.recall == (1, 1)


def test_bcubed_is_the_mean_over_records() -> None:
    found = bcubed(["p", "p", "p", "q"], [1, 1, 2, 2])
    assert found.precision == pytest.approx((1 + 1 + 0.5 + 0.5) / 4)
    assert found.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4)


PEOPLE = [
    person(given_name="Anne", family_name="Roux", birth_date="1980-02-03"),
    person(given_name="Anne", family_name="Roux", birth_date="1980-02-03"),
    person(given_name="Zoé", family_name="Martin", emails=["zoe@exemple.fr"]),
    person(given_name="Anne", family_name="Roux", birth_date="1951-11-30"),
]


def test_errors_are_told_by_what_agrees_and_by_blocking(model: Model) -> None:
    features = dict(enumerate(model.standardise(PEOPLE)))
    missed = missed_pairs(model, features, ["p", "p", "p", "q"], [0, 0, 2, 3])
    assert (missed.count, missed.examined) == (2, 2)
    assert missed.why == {"never compared: no shared key": 2}
    assert missed.patterns[0].agree == []
    assert {tuple(e["rows"]) for e in missed.patterns[0].examples} == {(0, 2), (1, 2)}

    false = false_links(model, features, ["p", "p", "p", "q"], [0, 0, 2, 0])
    assert false.count == 2
    assert false.why == {"joined through others": 2}
    assert "birth_date" in false.patterns[0].differ
    assert {"given_name", "family_name"} <= set(false.patterns[0].agree)


def test_of_too_many_errors_a_sample_is_examined(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(error_analysis, "EXAMINED", 20)
    features = dict(enumerate(model.standardise(PEOPLE * 10)))
    truth = ["p"] * 37 + ["q", "r", "s"]
    found = missed_pairs(model, features, ["p"] * 40, list(range(40)))
    false = false_links(model, features, truth, [1] * 40)

    assert found.count == len(list(combinations(range(40), 2)))
    assert false.count == 3 * 37 + 3
    assert 0 < found.examined <= 20
    assert 0 < false.examined <= 20
    assert sum(false.why.values()) == false.examined
