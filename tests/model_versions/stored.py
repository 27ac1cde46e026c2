"""What a database holds, and what one batch says that it should."""

from __future__ import annotations

from uuid import UUID

from matching.clustering.cluster import Link
from matching.clustering.guarded_clusters import cluster_by
from matching.model.model_version import Model
from matching.scoring.splink_predict import resolve_batch
from service.database.clusters import links
from service.database.connection.session import Connection
from service.model_versions.restandardise import live_ids, standardised


def ids(connection: Connection) -> dict[int, UUID]:
    rows = connection.execute("SELECT record_id, customer_id FROM label")
    return dict(rows.fetchall())


def expected(connection: Connection, model: Model) -> set[frozenset[str]]:
    """Return the clusters of one batch of the model over what is stored now."""
    now = {
        one.record_id: one
        for chunk in standardised(connection, live_ids(connection))
        for one in chunk
    }
    features = {r: model.freeze(one.normalised) for r, one in now.items()}
    found = [
        Link(p.a, p.b, p.weight, p.probability)
        for p in resolve_batch(model, features).pairs
    ]
    keys = {r: one.key for r, one in now.items()}
    said = links.all_decisions(connection)
    labels = cluster_by(model, features, found, said, keys=keys).cluster
    return {
        frozenset(str(keys[r]) for r in labels if labels[r] == label)
        for label in set(labels.values())
    }


def everything(connection: Connection) -> list[tuple[object, ...]]:
    rows = connection.execute(
        "SELECT record_id, version, features, blocking_keys, model, customer_id"
        " FROM source_record LEFT JOIN label USING (record_id) ORDER BY record_id"
    )
    return rows.fetchall()
