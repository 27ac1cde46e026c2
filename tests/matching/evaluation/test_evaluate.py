"""What the matcher reaches on public data, and how it is measured."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from matching.errors import UntrainableRecords
from matching.evaluation.evaluate import evaluate, measure
from matching.features.file_records import UnreadableRows, read_rows
from matching.model.model_version import Model
from matching.training.train import train
from tests.matching.people import crowd
from tests.needs import needs

REPOSITORY = Path(__file__).parents[3]
DATASETS = Path(
    os.environ.get("COUTURE_DATASETS", REPOSITORY.parent / "shared/datasets")
)
FEBRL = {
    "given_name": "given_name",
    "family_name": "surname",
    "street_number": "street_number",
    "street": "address_1",
    "city": "suburb",
    "postal_code": "postcode",
    "region": "state",
    "birth_date": "date_of_birth",
    "national_id": "soc_sec_id",
}


def _febrl4() -> list[Path]:
    files = [DATASETS / f"febrl4{side}.csv.gz" for side in "ab"]
    needs(all(file.exists() for file in files), "FEBRL 4: set COUTURE_DATASETS")
    return files


def test_the_shipped_model_resolves_febrl4(model: Model) -> None:
    report = evaluate(_febrl4(), FEBRL, "cluster", model=model)
    assert report.records == 10_000
    assert report.pairs.precision >= 0.999
    assert report.pairs.f1 >= 0.99


def test_the_recipe_learns_febrl4_without_answers() -> None:
    assert evaluate(_febrl4(), FEBRL, "cluster").pairs.f1 >= 0.999


def test_pairs_are_counted_inside_clusters_and_clusters_whole() -> None:
    pairs, clusters = measure(["p", "p", "p", "q"], [1, 1, 2, 2])
    assert (pairs.precision, pairs.recall) == (0.5, pytest.approx(1 / 3))
    assert (clusters.precision, clusters.recall) == (0, 0)
    pairs, clusters = measure(["p", "p", "q"], [1, 1, 3])
    assert (pairs.f1, clusters.f1) == (1, 1)


def test_too_few_records_are_refused_with_the_remedy() -> None:
    with pytest.raises(UntrainableRecords, match="shipped model"):
        train(crowd(10, seed=1))


def test_training_again_gives_the_same_verdicts() -> None:
    records = crowd(300, seed=5)
    one, two = train(records), train(records)
    assert one.bands == two.bands
    assert one.settings["comparisons"] == two.settings["comparisons"]


def test_an_unknown_field_or_column_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("prenom,nom\nJean,Dupont\n", encoding="utf-8")
    with pytest.raises(UnreadableRows, match="surname"):
        read_rows([file], {"surname": "nom"})
    with pytest.raises(UnreadableRows, match="no column name"):
        read_rows([file], {"family_name": "name"})
    rows = read_rows([file], {"given_name": "prenom", "family_name": "nom"})
    assert rows[0].features["whole_names"] == ["dupont jean"]
