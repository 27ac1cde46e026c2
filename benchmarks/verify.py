"""How long `couture verify` takes, with its topics and with a rebuild.

    python -m benchmarks.verify --people 492000

Simulated records of the French retailer go into an embedded PostgreSQL and their golden
records onto an embedded broker on this machine: 492,000 people are 996,769 records.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.load import COLUMNS, write_people


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--no-rebuild", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "people.csv"
        write_people(file, options.people, options.seed)
        found = _measure(file, Path(folder), rebuild=not options.no_rebuild)
        print(json.dumps(found, indent=2))  # noqa: T201


def _measure(file: Path, folder: Path, *, rebuild: bool) -> dict[str, Any]:
    # imported here: the load's own processes import this module again
    from service.bulk_load.load import load
    from service.bulk_load.mapping_from_columns import write_mapping
    from service.bulk_load.progress import shown
    from service.bulk_load.source import checked
    from service.database.connection.migrate import migrate
    from service.database.connection.session import connect
    from service.local.servers import start_broker, start_postgres
    from service.resolver.worker import load_judge
    from service.settings import Settings
    from service.verification.verify import verify

    same = {name: name for name in COLUMNS if name != "updated_at"}
    with (
        start_postgres(folder / "postgres") as server,
        start_broker(directory=folder) as broker,
    ):
        url = server.url("couture")
        migrate(url)
        settings = Settings(database_url=url, kafka=broker.bootstrap)
        with connect(url, autocommit=True) as connection:
            mapping = write_mapping(same, folder)
            source = checked(file, system="bench", mapping=mapping)
            with shown() as progress:
                load(url, source, judge=load_judge(connection), progress=progress)
            # the events of each change are not compared: only golden records are told
            connection.execute("DELETE FROM outbox WHERE topic = 'couture.events'")
            _relay(connection, broker.bootstrap)
            connection.execute("VACUUM ANALYZE")
            began = time.monotonic()
            report = verify(connection, settings)
            verified = time.monotonic()
            found = {
                "verify_seconds": round(verified - began, 1),
                "verify": report.as_dict(),
            }
            if rebuild:
                again = verify(
                    connection, settings, with_topics=False, with_rebuild=True
                )
                found["rebuild"] = again.as_dict()
    return found


def _relay(connection: Any, bootstrap: str) -> None:
    from kafka import KafkaProducer

    from service.relay.relay import relay_once
    from service.relay.topics import create_outgoing_topics

    create_outgoing_topics(bootstrap)
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=2)
    while relay_once(connection, producer):
        pass
    producer.close()


if __name__ == "__main__":
    main()
