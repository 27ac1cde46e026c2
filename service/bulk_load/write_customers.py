"""Second half of a load: from stored records to customers, in one transaction."""

from __future__ import annotations

import tempfile
from pathlib import Path

from matching.batch.duckdb_batch import FileBatch
from service.bulk_load import cluster, new_customers
from service.bulk_load.cluster import Found
from service.bulk_load.load_run import Run
from service.database.batches import bulk_loads
from service.database.batches import new_customers as stored
from service.database.clusters import (
    labels,
    model_versions,
)
from service.database.connection.session import Connection, connect
from service.database.customers import customers
from service.database.sources import (
    blocking_keys,
    dirty,
)
from service.resolver.relabel import relabel
from service.resolver.reviews import rewrite_reviews
from service.runtime.worker_processes import FEW, PROCESSES, together

_SLICE = 2_000
"""Records that relabel takes at a time."""


def settle(connection: Connection, run: Run) -> Found:
    """Find, score, cluster and write customers, alone at the labels all the while.

    All that is written is one transaction. A resolver goes on publishing and scoring
    meanwhile and waits with relabel; what it published after our look at the records
    is marked dirty, and finds ours by their keys, which are committed.
    """
    model = run.judge.model
    with connection.transaction():
        model_versions.lock(connection)
        model_versions.check_active(connection, model.digest)
        most, first = model.guards.largest_block, run.begun.first_record_id
        blocking_keys.settle_all(connection, most=most, before=first)
    with (
        tempfile.TemporaryDirectory(prefix="couture-load-") as folder,
        connection.transaction(),
    ):
        labels.lock(connection)
        model_versions.check_active(connection, model.digest)
        found = _found(connection, run, Path(folder))
        run.clock.begin("links", found.pairs)
        stored.copy_links(connection, Path(folder) / "links.csv")
        _write_new(connection, run, found)
        run.clock.begin("join", sum(map(len, found.others)))
        for slice_ in cluster.in_slices(found.others, size=_SLICE):
            dirty.mark(connection, [(record, False) for record in slice_])
            relabel(connection, model=model)
            run.clock.advance(len(slice_))
        run.clock.begin("reviews")
        # Without statistics PostgreSQL would take the new tables for empty ones.
        connection.execute("ANALYZE link, label, customer")
        rewrite_reviews(connection, model=model)
        bulk_loads.finish(connection, run.begun.load_id)
    return found


def _found(connection: Connection, run: Run, scratch: Path) -> Found:
    run.clock.begin("read")
    with FileBatch(run.judge.model, scratch) as batch:
        with connect(run.database_url, name="couture-load", autocommit=True) as reader:
            cluster.read(reader, batch, scratch)
        run.clock.begin("match")
        on_spark = run.engine == "spark"
        match = cluster.on_spark(scratch) if on_spark else cluster.in_duckdb
        return cluster.find(
            connection,
            batch,
            match,
            first=run.begun.first_record_id,
            links=scratch / "links.csv",
        )


def _write_new(connection: Connection, run: Run, found: Found) -> None:
    run.clock.begin("customers", sum(len(one.record_ids) for one in found.new))
    ids = customers.new_ids(connection, len(found.new))
    born = [
        new_customers.Born(id_, one.component, one.record_ids)
        for id_, one in zip(ids, found.new, strict=True)
    ]
    several = PROCESSES if len(born) > FEW else 1
    tasks = list(new_customers.dealt(run.database_url, born, several))
    for (rows,) in together(new_customers.make_customers, tasks):
        stored.copy_customers(
            connection,
            labels=rows.labels,
            profiles=rows.profiles,
            contact_keys=rows.contact_keys,
        )
        stored.announce(connection, rows.messages, first=rows.first, last=rows.last)
        run.clock.advance(rows.records)
