"""Step C: touched components are clustered again and their customers written.

One transaction, one worker at a time under an advisory lock; it takes every record
that only waits for this step, whoever scored it.
"""

from __future__ import annotations

from collections.abc import Sequence

from matching.clustering.cluster import Clustering
from matching.clustering.guarded_clusters import cluster_by
from matching.model.model_version import Model
from service.database.clusters import labels, links
from service.database.clusters.labels import Label
from service.database.connection.session import Connection
from service.database.customers import customers
from service.database.customers.customers import CustomerRow
from service.database.sources import dirty, source_records
from service.resolver import golden_records
from service.resolver.changes import ChangedCustomers
from service.resolver.customer_ids import Anchored, Succession, succession
from service.resolver.reviews import write_reviews


def relabel(connection: Connection, *, model: Model) -> int:
    """Bring the customers of all scored dirty records up to date; return how many.

    The caller holds the labels' lock and commits.
    """
    marks = dirty.ready(connection)
    if not marks:
        return 0
    record_ids = [record_id for record_id, _ in marks]
    links.drop_stale(connection, record_ids)
    region = _region(connection, record_ids, match=model.bands.match)
    scored = links.touching(connection, list(region.records), floor=model.bands.review)
    decisions = links.decisions(connection, list(region.records))
    clustering = cluster_by(
        model,
        {record_id: stored.guarded for record_id, stored in region.records.items()},
        scored,
        decisions,
        keys={record_id: stored.key for record_id, stored in region.records.items()},
    )
    known = customers.anchored_in(
        connection,
        list(region.records),
        also={label.customer_id for label in region.labels.values()},
    )
    heirs = _succession(connection, region, clustering, known)
    _write_labels(connection, region, clustering, heirs)
    write_reviews(
        connection,
        region,
        clustering,
        model=model,
        evidence=(scored, decisions),
        bearer=heirs.bearer,
    )
    written = golden_records.customers_of(connection, region, heirs=heirs, known=known)
    dirty.clear(connection, marks)
    return written


def _region(
    connection: Connection, record_ids: Sequence[int], *, match: float
) -> ChangedCustomers:
    """Labelled components are whole: only touched records reach beyond theirs."""
    near = links.neighbours(connection, record_ids, match=match) | set(record_ids)
    whole = labels.whole_components(connection, near)
    stored = source_records.live(connection, list(whole.record_ids))
    records = {record.record_id: record for record in stored}
    return ChangedCustomers(records, whole.labels, frozenset(record_ids))


def _succession(
    connection: Connection,
    region: ChangedCustomers,
    clustering: Clustering,
    known: Sequence[CustomerRow],
) -> Succession:
    bearing = {clustering.cluster.get(row.anchor) for row in known if row.anchor}
    unborn = set(clustering.cluster.values()) - bearing
    fresh = iter(customers.new_ids(connection, len(unborn)))
    return succession(
        clustering.cluster,
        [Anchored(r.customer_id, r.anchor) for r in known if r.anchor is not None],
        formerly={r: label.customer_id for r, label in region.labels.items()},
        fresh=fresh,
    )


def _write_labels(
    connection: Connection,
    region: ChangedCustomers,
    clustering: Clustering,
    heirs: Succession,
) -> None:
    now = {
        record_id: Label(
            record_id, clustering.component[record_id], heirs.bearer[record_id]
        )
        for record_id in region.records
    }
    labels.remove(connection, set(region.labels) - set(now))
    labels.write(
        connection,
        [
            label
            for label in now.values()
            if region.labels.get(label.record_id) != label
        ],
    )
