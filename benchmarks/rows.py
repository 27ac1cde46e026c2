"""CPU time to read rows of CSV, to map them, and to standardise their records.

Run `python -m benchmarks.rows [--rows 1000000]`: three rounds of each, medians. Reading
takes all rows; mapping and standardising a twentieth of them, told for as many.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from connectors.contract import Row
from connectors.files.read import rows
from connectors.mapping.rows_to_events import Mapping
from matching.model.model_version import Model
from schemas.change_event import CustomerChange, Op
from schemas.source_record import CustomerRecord
from tests.bulk_load.files import COLUMNS, mapping_file, rows_of
from tests.matching.people import crowd

_PEOPLE = 20_000
_SHARE = 20
_ROUNDS = 3


def main() -> None:
    """Write a file of simulated people and print the seconds as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    wanted: int = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        file = _written(Path(folder) / "people.csv", wanted)
        mapping = Mapping.load(
            mapping_file(Path(folder)), system="shop", connector="file"
        )
        some = wanted // _SHARE
        model, records = Model.load(), _records(file, mapping, some)
        found = {
            "read": _cpu(lambda: sum(1 for _ in rows(file))),
            "read_and_map": _SHARE * _cpu(lambda: _records(file, mapping, some)),
            "standardise": _SHARE * _cpu(lambda: model.standardise(records)),
        }
    sys.stdout.write(json.dumps({"rows": wanted, "cpu_seconds": found}) + "\n")


def _written(path: Path, count: int) -> Path:
    people = rows_of(crowd(_PEOPLE, seed=4))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(
            people[number % _PEOPLE] | {"id": str(number)} for number in range(count)
        )
    return path


def _records(file: Path, mapping: Mapping, count: int) -> list[CustomerRecord]:
    found = []
    for one in islice(rows(file), count):
        row = Row("person", Op.READ, one.payload, (1, one.number), None, True)
        for event in mapping.events(row):
            if isinstance(event, CustomerChange) and event.after is not None:
                found.append(event.after)
    return found


def _cpu(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return round(statistics.median(taken), 2)


if __name__ == "__main__":
    main()
