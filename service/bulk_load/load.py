"""The story of a bulk load, from a file to customers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from service.bulk_load import store_records
from service.bulk_load.cluster import Found
from service.bulk_load.complete_file import sweep_missing
from service.bulk_load.load_run import Progress, Run
from service.bulk_load.source import Source
from service.bulk_load.write_customers import settle
from service.database.batches import bulk_loads
from service.database.clusters import labels, model_versions
from service.database.connection.session import Connection, connect
from service.errors import Misconfigured, ServiceError
from service.resolver.relabel import relabel
from service.resolver.resolve import ActiveModel, find_links
from service.resolver.sweep import SweepOutcome
from service.runtime.worker_processes import FEW, PROCESSES, together

ENGINES = ("duckdb", "spark")


class AlreadyLoading(ServiceError):
    """Another bulk load runs on this database: wait for it."""

    remedy = "Wait until it has ended, or stop it; then run this one again."


@dataclass(frozen=True)
class LoadReport:
    """What a load did; `already` if the file stood in the database before.

    `missing` tells of a complete file what becomes of the records that it lacks; it is
    None of any other, and where that was told before.
    """

    system: str
    records: int
    rejects: int
    links: int
    customers: int
    already: bool
    seconds: dict[str, float]
    spark: str | None = None
    missing: SweepOutcome | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        missing = None if self.missing is None else self.missing._asdict()
        return asdict(self) | {"missing": missing}


def load(
    database_url: str,
    source: Source,
    *,
    judge: ActiveModel,
    progress: Progress,
    engine: str = "duckdb",
    complete: bool = False,
) -> LoadReport:
    """Bring the file's records and their customers into the database.

    Interrupted, it goes on from where it stopped; done before, it changes nothing. Of
    a complete file the resolver deletes what earlier files brought and it lacks.
    """
    if engine not in ENGINES:
        raise Misconfigured(
            f"There is no engine {engine!r}.", remedy=f"Use {' or '.join(ENGINES)}."
        )
    with connect(database_url, name="couture-load", autocommit=True) as connection:
        if not bulk_loads.lock(connection):
            raise AlreadyLoading("Another bulk load is running.")
        begun = bulk_loads.begin(connection, system=source.system, digest=source.digest)
        run = Run(database_url, begun, judge, engine, progress)
        found: Found | None = None
        if begun.finished_at is None:
            _store(connection, source, run)
            _write_keys(connection, run)
            found = settle(connection, run)
            _follow(connection, run)
        run.clock.end()
        missing = (
            sweep_missing(connection, system=source.system, load_id=begun.load_id)
            if complete
            else None
        )
        loaded = bulk_loads.loaded(connection, begun.load_id)
        return LoadReport(
            source.system,
            loaded.records,
            loaded.rejects,
            found.pairs if found else 0,
            len(found.new) if found else 0,
            begun.finished_at is not None,
            run.clock.seconds,
            found.spark if found else None,
            missing,
        )


def _store(connection: Connection, source: Source, run: Run) -> None:
    """Store the parts that are missing: every one its own transaction."""
    load_id = run.begun.load_id
    stored = bulk_loads.loaded(connection, load_id)
    run.clock.begin("store", source.rows)
    run.clock.advance(stored.records + stored.rejects)
    several = PROCESSES if source.rows > FEW else 1
    tasks = [
        store_records.StoreTask(
            run.database_url, source, load_id, first, several, stored.parts
        )
        for first in range(several)
    ]
    for records, rejects in together(store_records.store_parts, tasks):
        run.clock.advance(records + rejects)


def _write_keys(connection: Connection, run: Run) -> None:
    """From here on any resolver that publishes a record finds the new ones."""
    if run.begun.keyed_at is not None:
        return
    run.clock.begin("keys")
    with connection.transaction():
        model_versions.pin(connection, run.judge.model.digest)
        bulk_loads.write_keys(connection, run.begun)
    connection.execute("ANALYZE source_record, blocking_key")


def _follow(connection: Connection, run: Run) -> None:
    """Fold in, as the stream does, records that the database knew before the load."""
    waiting = connection.execute(
        "SELECT record_id FROM dirty WHERE NOT scored ORDER BY record_id"
    ).fetchall()
    ids = [row[0] for row in waiting]
    run.clock.begin("follow", len(ids))
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        find_links(connection, some, judge=run.judge)
        with connection.transaction():
            labels.lock(connection)
            model_versions.check_active(connection, run.judge.model.digest)
            relabel(connection, model=run.judge.model)
        run.clock.advance(len(some))
