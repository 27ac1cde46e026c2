"""The story of a bulk load, from a file to customers."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from matching.batch_files import FileBatch
from matching.model import Model
from service.bulk_load import clusters, golden, stage
from service.bulk_load.clusters import Found
from service.bulk_load.processes import PROCESSES, together
from service.bulk_load.source import Source
from service.database import (
    births,
    blocks,
    bulk_loads,
    customers,
    dirty,
    labels,
    models,
)
from service.database.bulk_loads import BulkLoad
from service.database.session import Connection, connect
from service.errors import ServiceError
from service.resolver.all_doubts import rewrite_reviews
from service.resolver.find import find_and_score
from service.resolver.relabel import relabel
from service.resolver.resolve import Judge

_SLICE = 2_000
"""Records that relabel takes at a time."""

_FEW = 10_000
"""Rows or customers up to which one process does."""


class AlreadyLoading(ServiceError):
    """Another bulk load runs on this database: wait for it."""

    remedy = "Wait until it has ended, or stop it; then run this one again."


class Progress(Protocol):
    """Whoever shows how far the load is."""

    def begin(self, step: str, total: int | None) -> None:
        """Begin a step of so many items."""

    def advance(self, items: int) -> None:
        """Say that so many more are done."""


@dataclass(frozen=True)
class LoadReport:
    """What a load did; `already` if the file stood in the database before."""

    system: str
    records: int
    rejects: int
    links: int
    customers: int
    already: bool
    seconds: dict[str, float]
    spark: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return asdict(self)


class _Clock:
    """Tells each step to the progress, and keeps how long it took."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}
        self._step: str | None = None
        self._since = time.monotonic()

    def begin(self, step: str, total: int | None = None) -> None:
        self.end()
        self._step = step
        self.progress.begin(step, total)

    def end(self) -> None:
        now = time.monotonic()
        if self._step:
            self.seconds[self._step] = round(now - self._since, 2)
        self._since, self._step = now, None


def load(
    database_url: str,
    source: Source,
    *,
    judge: Judge,
    progress: Progress,
    engine: str = "duckdb",
) -> LoadReport:
    """Bring the file's records and their customers into the database.

    Interrupted, it goes on from where it stopped; done before, it changes nothing.
    """
    clock = _Clock(progress)
    with connect(database_url, name="couture-load", autocommit=True) as connection:
        if not bulk_loads.lock(connection):
            raise AlreadyLoading("Another bulk load is running.")
        begun = bulk_loads.begin(connection, system=source.system, digest=source.digest)
        links = born = 0
        if begun.finished_at is None:
            _store(connection, database_url, source, begun, clock)
            _write_keys(connection, begun, clock, judge.model)
            links, born = _settle(connection, database_url, begun, judge.model, clock)
            _follow(connection, judge, clock)
        clock.end()
        loaded = bulk_loads.loaded(connection, begun.load_id)
        return LoadReport(
            source.system,
            loaded.records,
            loaded.rejects,
            links,
            born,
            begun.finished_at is not None,
            clock.seconds,
        )


def _store(
    connection: Connection,
    database_url: str,
    source: Source,
    begun: BulkLoad,
    clock: _Clock,
) -> None:
    """Store the parts that are missing: every one its own transaction."""
    stored = bulk_loads.loaded(connection, begun.load_id)
    clock.begin("store", source.rows)
    clock.progress.advance(stored.records + stored.rejects)
    several = PROCESSES if source.rows > _FEW else 1
    tasks = [
        stage.Stage(database_url, source, begun.load_id, first, several, stored.parts)
        for first in range(several)
    ]
    for records, rejects in together(stage.store_parts, tasks):
        clock.progress.advance(records + rejects)


def _write_keys(
    connection: Connection, begun: BulkLoad, clock: _Clock, model: Model
) -> None:
    """From here on any resolver that publishes a record finds the new ones."""
    if begun.keyed_at is not None:
        return
    clock.begin("keys")
    with connection.transaction():
        models.hold(connection, model.digest)
        bulk_loads.write_keys(connection, begun)
    connection.execute("ANALYZE source_record, blocking_key")


def _settle(
    connection: Connection,
    database_url: str,
    begun: BulkLoad,
    model: Model,
    clock: _Clock,
) -> tuple[int, int]:
    """Find, score, cluster and write customers, alone at the labels all the while.

    All that is written is one transaction. A resolver goes on publishing and scoring
    meanwhile and waits with relabel; what it published after our look at the records
    is marked dirty, and finds ours by their keys, which are committed.
    """
    with connection.transaction():
        models.lock(connection)
        most, first = model.guards.largest_block, begun.first_record_id
        blocks.settle_all(connection, most=most, before=first)
    with (
        tempfile.TemporaryDirectory(prefix="couture-load-") as folder,
        connection.transaction(),
    ):
        labels.lock(connection)
        models.require(connection, model.digest)
        scratch = Path(folder)
        with FileBatch(model, scratch) as batch:
            found = _found(connection, database_url, batch, begun, scratch, clock)
        clock.begin("links", found.pairs)
        births.copy_links(connection, scratch / "links.csv")
        born = _write_new(connection, database_url, found, clock)
        clock.begin("join", sum(map(len, found.others)))
        for slice_ in clusters.in_slices(found.others, size=_SLICE):
            dirty.mark(connection, [(record, False) for record in slice_])
            relabel(connection, model=model)
            clock.progress.advance(len(slice_))
        clock.begin("reviews")
        rewrite_reviews(connection, model=model)
        bulk_loads.finish(connection, begun.load_id)
    return found.pairs, born


def _found(
    connection: Connection,
    database_url: str,
    batch: FileBatch,
    begun: BulkLoad,
    scratch: Path,
    clock: _Clock,
) -> Found:
    clock.begin("read")
    with connect(database_url, name="couture-load", autocommit=True) as reader:
        clusters.read(reader, batch, scratch)
    clock.begin("match")
    return clusters.find(
        connection, batch, first=begun.first_record_id, links=scratch / "links.csv"
    )


def _write_new(
    connection: Connection, database_url: str, found: Found, clock: _Clock
) -> int:
    clock.begin("customers", sum(len(one.record_ids) for one in found.new))
    ids = customers.mint(connection, len(found.new))
    born = [
        golden.Born(id_, one.component, one.record_ids)
        for id_, one in zip(ids, found.new, strict=True)
    ]
    count = 0
    several = PROCESSES if len(born) > _FEW else 1
    tasks = list(golden.dealt(database_url, born, several))
    for (rows,) in together(golden.make_customers, tasks):
        births.copy_customers(
            connection,
            labels=rows.labels,
            profiles=rows.profiles,
            contact_keys=rows.contact_keys,
        )
        births.announce(connection, rows.messages, first=rows.first, last=rows.last)
        clock.progress.advance(rows.records)
        count += rows.customers
    return count


def _follow(connection: Connection, judge: Judge, clock: _Clock) -> None:
    """Fold in, as the stream does, records that the database knew before the load."""
    waiting = connection.execute(
        "SELECT record_id FROM dirty WHERE NOT scored ORDER BY record_id"
    ).fetchall()
    ids = [row[0] for row in waiting]
    clock.begin("follow", len(ids))
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        with connection.transaction():
            models.hold(connection, judge.model.digest)
            find_and_score(connection, some, model=judge.model, scorer=judge.scorer)
        with connection.transaction():
            labels.lock(connection)
            models.require(connection, judge.model.digest)
            relabel(connection, model=judge.model)
        clock.progress.advance(len(some))
