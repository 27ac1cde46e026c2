"""How fast a file is loaded at once and audited, and where the time goes.

    python -m benchmarks.load --people 492000

Simulated records of the French retailer go into an embedded PostgreSQL on this machine:
492,000 people are 996,769 records.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from pathlib import Path
from typing import Any

COLUMNS = (
    "id given_name family_name birth_name full_name title gender birth_date email phone"
    " street postal_code city card updated_at"
).split()


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "people.csv"
        write_people(file, options.people, options.seed)
        print(json.dumps(_measure(file, Path(folder)), indent=2))  # noqa: T201


def write_people(file: Path, people: int, seed: int) -> None:
    """Write the source records of so many simulated people as CSV."""
    from service.demo.population.people import population, records

    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerow(COLUMNS)
        for one in records(population(people, seed=seed), seed):
            record = one.record
            place = record.addresses[0] if record.addresses else None
            number = (place.street_number, place.street) if place else ()
            writer.writerow(
                [
                    f"{one.system}-{one.id}",
                    *(getattr(record, name) for name in COLUMNS[1:8]),
                    ";".join(record.emails),
                    ";".join(record.phones),
                    " ".join(filter(None, number)),
                    place and place.postal_code,
                    place and place.city,
                    ";".join(record.cards),
                    record.updated_at,
                ]
            )


def _measure(file: Path, folder: Path) -> dict[str, Any]:
    # imported here: the load's own processes import this module again
    from service.bulk_load.load import load
    from service.bulk_load.mapping_from_columns import write_mapping
    from service.bulk_load.progress import shown
    from service.bulk_load.source import checked
    from service.database.connection.migrate import migrate
    from service.database.connection.session import connect
    from service.local.servers import start_postgres
    from service.resolver.worker import load_judge
    from service.verification.audit import audit

    same = {name: name for name in COLUMNS if name != "updated_at"}
    with start_postgres(folder / "postgres") as server:
        url = server.url("couture")
        migrate(url)
        with connect(url, autocommit=True) as connection:
            judge = load_judge(connection)
            began = time.monotonic()
            mapping = write_mapping(same, folder)
            source = checked(file, system="bench", mapping=mapping)
            with shown() as progress:
                report = load(url, source, judge=judge, progress=progress)
            loaded = time.monotonic()
            found = audit(connection, judge.model)
    return {
        "load_seconds": round(loaded - began, 1),
        "records_per_s": round(report.records / (loaded - began)),
        "load": report.as_dict(),
        "audit_seconds": round(time.monotonic() - loaded, 1),
        "audit": found.as_dict(),
    }


if __name__ == "__main__":
    main()
