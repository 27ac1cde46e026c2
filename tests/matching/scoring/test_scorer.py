"""The scorer, the batch and the bundle: one model, one weight."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from dataclasses import replace
from itertools import combinations

import pytest

from matching.clustering.cluster import Link, cluster
from matching.errors import UnusableModel
from matching.features.normalise import Features
from matching.model.model_version import Model
from matching.scoring.scorer import LEFT, RIGHT, Scorer
from matching.scoring.splink_predict import resolve_batch
from matching.scoring.splink_sql import statement
from tests.matching.people import crowd, person


@pytest.fixture(scope="module")
def features(model: Model) -> dict[int, Features]:
    return dict(enumerate(model.standardise(crowd(400, seed=3)), start=1))


@pytest.fixture(scope="module")
def candidates(model: Model, features: dict[int, Features]) -> set[tuple[int, int]]:
    blocks: dict[int, list[int]] = {}
    for record, values in features.items():
        for key in model.blocking_keys(values):
            blocks.setdefault(key, []).append(record)
    found = {pair for block in blocks.values() for pair in combinations(block, 2)}
    return {(a, b) for a, b in found if model.shares_block(features[a], features[b])}


def test_the_stream_scores_what_the_batch_scores_bit_for_bit(
    model: Model, features: dict[int, Features], candidates: set[tuple[int, int]]
) -> None:
    model = replace(model, bands=replace(model.bands, review=1e-300))
    batch = resolve_batch(model, features).pairs
    stream = Scorer(model).score(features, candidates)
    assert len(stream) > 100
    assert stream == batch
    assert any(pair.evidence["family_name"]["tf"] for pair in stream)


def test_a_pair_weighs_the_same_whichever_record_came_first(
    model: Model, features: dict[int, Features], candidates: set[tuple[int, int]]
) -> None:
    last = max(features) + 1
    turned = {last - record: held for record, held in features.items()}
    scorer = Scorer(model)
    here = scorer.score_all(features, candidates)
    there = scorer.score_all(turned, {(last - b, last - a) for a, b in candidates})
    weights = {(last - pair.b, last - pair.a): pair.weight for pair in there}

    assert {(pair.a, pair.b): pair.weight for pair in here} == weights


def test_a_typo_in_a_short_name_weighs_the_same_both_ways(model: Model) -> None:
    long = person(given_name="Anne", family_name="Roux")
    short = person(given_name="Ane", family_name="Rou")
    left, right = model.standardise([long, short])
    scorer = Scorer(model)
    one, other = (
        scorer.score_all(dict(enumerate(pair)), [(0, 1)])[0].weight
        for pair in ((left, right), (right, left))
    )

    assert one == other


def test_a_pair_weighs_the_same_alone_and_among_others(
    model: Model, features: dict[int, Features], candidates: set[tuple[int, int]]
) -> None:
    scorer = Scorer(model)
    together = scorer.score(features, candidates)
    alone = [
        scored
        for pair in together[:20]
        for scored in scorer.score(features, [(pair.a, pair.b)])
    ]
    assert alone == together[:20]


def test_components_are_the_clusters_without_decisions(
    model: Model, features: dict[int, Features]
) -> None:
    result = resolve_batch(model, features)
    links = [Link(p.a, p.b, p.weight, p.probability) for p in result.pairs]
    ours = cluster(features, links, match=model.bands.match).component
    assert result.components == ours


def test_features_survive_json(model: Model, features: dict[int, Features]) -> None:
    stored = {k: json.loads(json.dumps(v)) for k, v in features.items()}
    assert stored == features
    assert resolve_batch(model, stored).pairs == resolve_batch(model, features).pairs


def test_a_bundle_is_the_same_bytes_and_digest_after_a_journey(model: Model) -> None:
    again = Model.from_bytes(model.to_bytes())
    assert again.digest == model.digest
    assert again.to_bytes() == model.to_bytes()
    assert again == model


def test_a_bundle_of_another_library_version_is_refused(model: Model) -> None:
    with pytest.raises(UnusableModel, match="installed"):
        Scorer(replace(model, versions={"duckdb": "1.0.0", "splink": "4.0.0"}))


def test_a_model_holds_the_statement_that_splink_writes_for_it(model: Model) -> None:
    assert model.scoring_sql is not None
    anew = statement(model.settings, LEFT, RIGHT)
    assert _pieces(model.scoring_sql) == _pieces(anew)
    Scorer(model, beside_splink=True)


def _pieces(sql: str) -> list[str]:
    """Return its columns and lines in order: Splink lists columns as a set has them."""
    return sorted(piece.strip() for piece in re.split(r"[,\n]|\bselect\b", sql))


def test_a_bundle_without_its_statement_scores_the_same(
    model: Model, features: dict[int, Features], candidates: set[tuple[int, int]]
) -> None:
    older = replace(model, statement=None)
    assert "statement" not in json.loads(gzip.decompress(older.to_bytes()))

    known = Scorer(model).score(features, candidates)
    assert Scorer(older).score(features, candidates) == known


def test_other_settings_are_not_scored_by_a_statement_of_before(model: Model) -> None:
    prior = model.settings["probability_two_random_records_match"] / 2
    settings = {**model.settings, "probability_two_random_records_match": prior}
    other = replace(model, settings=settings)

    assert other.scoring_sql is None
    with pytest.raises(UnusableModel, match="golden"):
        Scorer(other)


def test_a_statement_that_scores_otherwise_is_refused(model: Model) -> None:
    assert model.statement is not None
    sql = model.statement.sql.replace(" as match_weight", " + 1 as match_weight")
    assert sql != model.statement.sql

    with pytest.raises(UnusableModel, match="golden"):
        Scorer(replace(model, statement=model.statement._replace(sql=sql)))


def test_a_model_whose_golden_pairs_moved_is_refused(model: Model) -> None:
    moved = [{**golden, "weight": golden["weight"] + 1e-12} for golden in model.golden]
    with pytest.raises(UnusableModel, match="golden"):
        Scorer(replace(model, golden=moved))


@pytest.mark.parametrize("bundle", [b"", b"{}", b"\x1f\x8bnot gzip", b"[1]", b"null"])
def test_what_is_no_bundle_is_refused(bundle: bytes) -> None:
    with pytest.raises(UnusableModel, match="not a model bundle"):
        Model.from_bytes(bundle)


def test_keys_are_sorted_unique_and_signed_64_bit(
    model: Model, features: dict[int, Features]
) -> None:
    for values in features.values():
        keys = model.blocking_keys(values)
        assert keys == sorted(set(keys))
        assert all(-(2**63) <= key < 2**63 for key in keys)


def test_a_record_without_values_has_no_key(model: Model) -> None:
    empty = model.standardise([crowd(2, seed=1)[0].model_validate({})])[0]
    assert model.blocking_keys(empty) == []


def test_an_over_shared_value_is_no_key_and_no_evidence(model: Model) -> None:
    shop = "magasin.lyon@enseigne.fr"
    stopped = replace(model, stop_values={"emails": frozenset({shop})})
    record = person(given_name="Luc", family_name="Roux", emails=[shop])
    assert stopped.standardise([record])[0]["emails"] is None
    assert len(stopped.blocking_keys(stopped.standardise([record])[0])) < len(
        model.blocking_keys(model.standardise([record])[0])
    )


def test_a_bundle_keeps_its_digest_in_a_version_that_knows_more_fields(
    model: Model,
) -> None:
    document = json.loads(gzip.decompress(model.to_bytes()))
    document.pop("digest")
    document.pop("guards", None)  # as a version before the guards wrote it
    older = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    read = Model.from_bytes(older)

    assert read.digest == hashlib.sha256(older).hexdigest()
    assert Model.from_bytes(read.to_bytes()).digest == read.digest
    assert replace(read, name="another").digest != read.digest
