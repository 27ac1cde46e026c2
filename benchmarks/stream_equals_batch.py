"""Whether the stream ends where Splink's batch does, at the size of a real deployment.

    python -m benchmarks.stream_equals_batch --stored 980000 --streamed 20000 --json

Records of the simulated retailer are bulk-loaded; then two workers stream inserts,
updates (some take over another's identity), deletes, re-inserts and redeliveries on
top. In the end everything is compared with one batch over all records: Splink's predict
and clustering, pair by pair and bit by bit.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.stream_changes import SYSTEM, messages, write_stored
from benchmarks.stream_comparison import compare
from benchmarks.stream_workers import stream
from service.bulk_load.load import load
from service.bulk_load.mapping_from_columns import write_mapping
from service.bulk_load.source import checked
from service.database.connection.migrate import migrate
from service.database.connection.session import connect
from service.demo.population.people import SimulatedRecord, population, records
from service.local.servers import start_postgres
from service.resolver.worker import load_judge


def main() -> None:
    """Load, stream, compare, and print the figures; exit 1 on any difference."""
    options = _options()
    figures: dict[str, Any] = {}
    with (
        tempfile.TemporaryDirectory(dir=options.scratch) as name,
        start_postgres(Path(name) / "postgres") as server,
    ):
        url, folder = server.url("couture"), Path(name)
        migrate(url)
        everyone = _everyone(options.stored + options.streamed, options.seed)
        stored = islice(everyone, options.stored)
        columns, kept = write_stored(stored, folder / "stored.csv")
        new = list(everyone)
        _say("drawn")
        started = time.monotonic()
        figures["stored"] = _load(url, columns, folder)
        figures["load_seconds"] = round(time.monotonic() - started, 1)
        _say(f"loaded in {figures['load_seconds']} s")
        figures |= stream(
            url, messages(kept, new, seed=options.seed), size=options.batch
        )
        _say(f"streamed in {figures['stream_seconds']} s")
        with connect(url, autocommit=True) as connection:
            model = load_judge(connection).model
            figures |= compare(connection, model, folder)
    wrong = sum(value for name, value in figures.items() if name.startswith("wrong"))
    if options.json:
        print(json.dumps(figures, indent=2))  # noqa: T201 - this is its output
    else:
        for name, value in figures.items():
            print(f"{name:28} {value}")  # noqa: T201 - this is its output
    sys.exit(1 if wrong else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stored", type=int, default=20_000)
    parser.add_argument("--streamed", type=int, default=2_000)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--scratch", help="folder for the database and files")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _everyone(count: int, seed: int) -> Iterator[SimulatedRecord]:
    """Yield so many records, nearly two for each person."""
    return islice(records(population(count * 3 // 5, seed=seed), seed), count)


def _load(url: str, columns: dict[str, str], folder: Path) -> int:
    mapping = write_mapping(columns, folder)
    with connect(url, autocommit=True) as connection:
        judge = load_judge(connection)
    source = checked(folder / "stored.csv", system=SYSTEM, mapping=mapping)
    report = load(url, source, judge=judge, progress=_Silent())
    assert report.rejects == 0, report
    return report.records


class _Silent:
    def begin(self, step: str, total: int | None) -> None:
        _say(f"load: {step}")

    def advance(self, items: int) -> None: ...


def _say(what: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what}\n")


if __name__ == "__main__":
    main()
