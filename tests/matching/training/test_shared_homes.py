"""The recipe on homes full of people: no family becomes one person, whatever is known.

The people are the benchmarks'; what is asked of the figures leaves room for chance.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from benchmarks.home_people import people
from benchmarks.home_records import Errors, rows
from matching.evaluation.evaluate import clusters_of, evaluate, measure
from matching.features.dates import date_key, year_key
from matching.features.normalise import Features, normalise
from matching.model.model_version import Model
from matching.training.train import train_features
from schemas.source_record import Address, CustomerRecord

ADDRESS = {
    "street_number": "number", "street": "street", "postal_code": "zip", "city": "city",
    "region": "state",
}  # fmt: skip
NAME = {"given_name": "given", "family_name": "family"}
BORN = {"birth_date": "dob"}


def file_of(path: Path, style: str, homes: int, errors: Errors) -> Path:
    written = rows(people(style, homes, seed=3), errors, seed=3)
    file = path / "homes.csv"
    with file.open("w", encoding="utf-8", newline="") as lines:
        out = csv.DictWriter(lines, list(written[0]))
        out.writeheader()
        out.writerows(written)
    return file


@pytest.mark.parametrize(
    ("style", "columns", "precision", "recall"),
    [
        ("us", NAME | ADDRESS | BORN, 0.93, 0.8),
        ("fr", NAME | ADDRESS, 0.8, 0.5),
        ("us", NAME | BORN | {"postal_code": "zip"}, 0.8, 0.8),
        ("us", NAME | ADDRESS | {"birth_date": "year"}, 0.85, 0.65),
    ],
)
def test_a_family_is_not_one_person(
    tmp_path: Path, style: str, columns: dict[str, str], precision: float, recall: float
) -> None:
    file = file_of(tmp_path, style, 110, Errors())
    report = evaluate([file], columns, "truth")
    assert report.pairs.precision >= precision
    assert report.pairs.recall >= recall


def test_where_nobody_stands_twice_nearly_nobody_is_joined() -> None:
    written = rows(people("us", 110, seed=4), Errors(rows=(1,)), seed=4)
    features = [_features(row) for row in written]
    model, frozen = _learnt(features)
    found = clusters_of(model, frozen)
    assert len(set(found)) >= 0.98 * len(found)


def test_a_person_ten_times_over_is_one_customer() -> None:
    written = rows(people("us", 20, seed=5), Errors(rows=(10,)), seed=5)
    model, frozen = _learnt([_features(row) for row in written])
    pairs, _ = measure([str(row["truth"]) for row in written],
                       clusters_of(model, frozen))  # fmt: skip
    assert pairs.f1 >= 0.9


def _learnt(features: list[Features]) -> tuple[Model, dict[int, Features]]:
    model = train_features(features)
    return model, {i: model.freeze(record) for i, record in enumerate(features)}


def _features(row: dict[str, str | None]) -> Features:
    born = row["dob"] or ""
    address = {field: row[column] for field, column in ADDRESS.items()}
    record = CustomerRecord(
        given_name=row["given"],
        family_name=row["family"],
        addresses=[Address.model_validate(address)],
    )
    return normalise(record, birth_date=date_key(born), birth_year=year_key(born))
