"""FEBRL 4 as two source systems through Kafka and the resolver: as right as the batch.

The files (Christen, ANU) hold 5,000 people twice, once in each system. The truth is a
column that the mapping does not read.
"""

from __future__ import annotations

import csv
import gzip
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from service.database.connection.session import connect
from service.runtime.processes import our_program
from tests.end_to_end.processes import Processes
from tests.needs import needs

REPOSITORY = Path(__file__).parents[2]
DATASETS = Path(
    os.environ.get("COUTURE_DATASETS", REPOSITORY.parent / "shared/datasets")
)
FILES = {"febrl_a": "febrl4a.csv.gz", "febrl_b": "febrl4b.csv.gz"}
MAPPING = REPOSITORY / "connectors/systems/febrl/mapping.yaml"
RECORDS = 10_000


def test_two_systems_of_febrl_4_become_5000_customers(
    database_url: str, broker: str, tmp_path: Path
) -> None:
    needs((DATASETS / FILES["febrl_a"]).exists(), "FEBRL 4: set COUTURE_DATASETS")
    environment = {"COUTURE_DATABASE_URL": database_url, "COUTURE_KAFKA": broker}
    for system, file in FILES.items():
        load(DATASETS / file, system=system, environment=environment)
    parts = Processes(tmp_path)
    parts.start(our_program("resolve", "service.cli", "resolve", env=environment))
    try:
        parts.until(
            lambda: labelled(database_url) == RECORDS,
            within=300,
            what="every record has its customer",
        )
        found = customers_of(database_url)
    finally:
        parts.stop_all()
    true = {
        f"{system}:{row['rec_id']}": row["cluster"]
        for system, file in FILES.items()
        for row in rows(DATASETS / file)
    }

    assert found.keys() == true.keys()
    assert pair_f1(true, found) == pytest.approx(1, abs=0.01)


def load(file: Path, *, system: str, environment: dict[str, str]) -> None:
    """Load a file with the command line, as an integrator does."""
    command = [sys.executable, "-m", "service.cli", "load", "--stream", str(file)]
    command += ["--system", system, "--mapping", str(MAPPING)]
    subprocess.run(
        command, env=os.environ | environment, check=True, timeout=240, cwd=REPOSITORY
    )


def labelled(database_url: str) -> int:
    """Return how many records have a customer."""
    with connect(database_url, autocommit=True) as connection:
        row = connection.execute("SELECT count(*) FROM label").fetchone()
    return int(row[0]) if row else 0


def customers_of(database_url: str) -> dict[str, str]:
    """Return the customer of each source key."""
    with connect(database_url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT s.system || ':' || s.id, l.customer_id::text FROM label l"
            " JOIN source_record s USING (record_id)"
        ).fetchall()
    return dict(found)


def rows(file: Path) -> Iterable[dict[str, str]]:
    """Return the rows of a file."""
    with gzip.open(file, "rt", newline="") as text:
        yield from csv.DictReader(text)


def pair_f1(true: dict[str, str], found: dict[str, str]) -> float:
    """Return F1 over all pairs inside the clusters."""
    right = pairs(Counter((true[key], found[key]) for key in true))
    return 2 * right / (pairs(Counter(true.values())) + pairs(Counter(found.values())))


def pairs(sizes: Counter[object]) -> int:
    """Return how many pairs these groups hold."""
    return sum(size * (size - 1) // 2 for size in sizes.values())
