"""Accuracy on the public sets and on simulated French retail: one recipe for all.

    python -m benchmarks.accuracy [--json] [--shipped] [--people 100000] [SET ...]

Each set is learnt without answers and measured against them; `--shipped` takes the
shipped model instead. The sets are read from COUTURE_DATASETS.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from matching.evaluation.evaluate import Report, evaluate
from matching.features.file_records import CANONICAL
from matching.model.model_version import Model

REPOSITORY = Path(__file__).parents[1]
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
RETAIL = {field: field for field in CANONICAL if field not in ("region", "national_id")}


class Set(NamedTuple):
    """Files, which column is which field, and the column of the answer."""

    files: list[Path]
    columns: Mapping[str, str]
    truth: str = "cluster"


PUBLIC = {
    "febrl3": Set([DATASETS / "febrl3.csv.gz"], FEBRL),
    "febrl4": Set([DATASETS / "febrl4a.csv.gz", DATASETS / "febrl4b.csv.gz"], FEBRL),
    "fake_1000": Set(
        [DATASETS / "fake_1000.csv"],
        {
            "given_name": "first_name",
            "family_name": "surname",
            "birth_date": "dob",
            "city": "city",
            "email": "email",
        },
    ),
    "historical_50k": Set(
        [DATASETS / "historical_50k.parquet"],
        {
            "given_name": "first_name",
            "family_name": "surname",
            "full_name": "full_name",
            "birth_date": "dob",
            "city": "birth_place",
            "postal_code": "postcode_fake",
            "gender": "gender",
        },
    ),
}


def main() -> None:
    """Measure the sets asked for and print a table or JSON."""
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=[*PUBLIC, "retail"])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--shipped", action="store_true")
    parser.add_argument("--people", type=int, default=100_000)
    arguments = parser.parse_args()
    model = Model.load() if arguments.shipped else None
    reports: dict[str, Report] = {}
    with tempfile.TemporaryDirectory() as directory:
        for name in arguments.sets:
            found = PUBLIC.get(name) or _retail(Path(directory), arguments.people)
            reports[name] = evaluate(
                found.files, found.columns, found.truth, model=model
            )
            if not arguments.json:
                print(_line(name, reports[name]), flush=True)  # noqa: T201
    if arguments.json:
        figures = {name: report.as_dict() for name, report in reports.items()}
        print(json.dumps(figures, indent=2))  # noqa: T201


def _retail(directory: Path, people: int) -> Set:
    """Simulate a retailer's customers, other people than the shipped model knows."""
    file = directory / "people.parquet"
    command = [
        sys.executable,
        "-m",
        "service.demo.population.people",
        "--people",
        str(people),
    ]
    subprocess.run(
        [*command, "--seed", "2026", "--out", str(file)],
        check=True,
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
    )
    return Set([file], RETAIL, "truth")


def _line(name: str, report: Report) -> str:
    pairs, clusters = report.pairs, report.clusters
    return (
        f"{name:15} {report.records:8,} records  pairs: P {pairs.precision:.4f} "
        f"R {pairs.recall:.4f} F1 {pairs.f1:.4f}  clusters: F1 {clusters.f1:.4f}  "
        f"{report.seconds:.1f} s"
    )


if __name__ == "__main__":
    main()
