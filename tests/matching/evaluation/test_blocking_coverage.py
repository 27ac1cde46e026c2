"""What blocking reaches: counted like by hand, estimated near the truth."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import combinations

import pytest

from matching.evaluation.blocking_coverage import chapman, coverage, masked
from matching.features.normalise import Features
from matching.model.model_version import Model
from matching.scoring.splink_predict import resolve_batch
from service.demo.population.people import population, records
from tests.matching.people import crowd


@pytest.fixture(scope="module")
def features(model: Model) -> dict[int, Features]:
    return dict(enumerate(model.standardise([*crowd(200, seed=7)]), start=1))


def _rules_of_pairs(
    model: Model, features: dict[int, Features]
) -> dict[tuple[int, int], set[str]]:
    blocks = defaultdict(list)
    for record, values in features.items():
        for key in model.keys(values):
            blocks[key].append(record)
    found: dict[tuple[int, int], set[str]] = defaultdict(set)
    for key, block in blocks.items():
        for pair in combinations(sorted(block), 2):
            found[pair].add(key.split("\x1f")[0])
    return found


def test_pairs_and_links_are_counted_per_rule(
    model: Model, features: dict[int, Features]
) -> None:
    features = {**features, 901: {}, 902: {**features[1], "cards": None}}
    features[901] = dict.fromkeys(features[1])
    report = coverage(model, [features])
    pairs = _rules_of_pairs(model, features)
    strong = {
        (p.a, p.b)
        for p in resolve_batch(model, features).pairs
        if p.probability >= model.bands.match
    }

    assert report.pairs == len(pairs)
    assert report.links == len(strong) > 50
    assert report.without_key == 1
    compared = {end for pair in pairs for end in pair}
    assert report.never_compared == len(features) - len(compared) > 0
    for rule in report.rules:
        made = {pair for pair, rules in pairs.items() if rule.rule in rules}
        alone = {pair for pair in made if len(pairs[pair]) == 1}
        assert (rule.pairs, rule.pairs_alone) == (len(made), len(alone))
        assert (rule.links, rule.links_alone) == (
            len(made & strong),
            len(alone & strong),
        )
        assert rule.links_share == len(made & strong) / len(strong)


def test_links_given_are_taken_as_they_are(
    model: Model, features: dict[int, Features]
) -> None:
    (pair, *_) = sorted(_rules_of_pairs(model, features))

    assert coverage(model, [features], links=[pair]).links == 1


def test_the_biggest_keys_are_masked_unless_asked_for(
    model: Model, features: dict[int, Features]
) -> None:
    hidden = coverage(model, [features], biggest=2).biggest
    shown = coverage(model, [features], biggest=2, show_values=True).biggest

    assert [key.records for key in hidden] == [key.records for key in shown]
    assert shown[0].records >= shown[1].records > 2
    assert hidden[0].values == [masked(value) for value in shown[0].values]
    assert not set(hidden[0].values) & set(shown[0].values)


def test_a_suspended_key_makes_no_pairs_as_in_the_batch(
    model: Model, features: dict[int, Features]
) -> None:
    few = replace(model, guards=replace(model.guards, largest_block=8))
    report = coverage(few, [features], biggest=1_000)
    batch = resolve_batch(few, features).pairs
    strong = [p for p in batch if p.probability >= few.bands.match]

    assert report.suspended_keys == sum(key.records > 8 for key in report.biggest) > 0
    assert all(key.suspended == (key.records > 8) for key in report.biggest)
    assert report.links == len(strong)
    assert report.pairs < coverage(model, [features]).pairs


def test_chapmans_estimator_is_his() -> None:
    # 200 marked, 180 caught, 40 of them marked: 201 * 181 / 41 - 1 = 886.3 in all
    missed, deviation = chapman(200, 180, 40)

    assert missed == pytest.approx(886.341 - 340, abs=0.001)
    assert deviation == pytest.approx(107.44, abs=0.01)


def test_the_estimate_comes_near_what_dropped_rules_really_miss(model: Model) -> None:
    people = list(records(population(1_500, seed=9), 9))
    features = dict(enumerate(model.standardise([one.record for one in people])))
    groups = defaultdict(list)
    for number, one in enumerate(people):
        groups[one.truth].append(number)
    true = {pair for group in groups.values() for pair in combinations(group, 2)}
    kept = tuple(r for r in model.rules if r.name not in ("email", "phone"))
    fewer = replace(model, rules=kept)

    report = coverage(fewer, [features])
    unreached = len(true - _rules_of_pairs(fewer, features).keys())

    missed = report.missed
    assert missed.estimate is not None
    assert missed.low is not None
    assert missed.high is not None
    assert unreached > 30
    assert unreached / 2 < missed.estimate < unreached * 2
    assert missed.low < missed.estimate < missed.high


def test_no_estimate_where_only_one_kind_of_rule_finds(model: Model) -> None:
    only = replace(model, rules=tuple(r for r in model.rules if r.name == "name"))
    features = dict(enumerate(model.standardise(crowd(40, seed=1))))

    assert coverage(only, [features]).missed.estimate is None
    assert coverage(only, []).missed.estimate is None
