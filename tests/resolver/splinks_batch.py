"""What Splink's own batch says of the final records, and where the stream stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from matching.batch import resolve_batch
from matching.clustering import Link, cluster
from matching.model import Model
from schemas.source_record import CustomerRecord
from service.database import links
from service.database.session import Connection

Pairs = dict[frozenset[str], tuple[float, float]]
Groups = set[frozenset[str]]


class Resolved(NamedTuple):
    """Pairs with weight and probability, components, clusters; by source key."""

    pairs: Pairs
    components: Groups
    clusters: Groups


def by_splink(model: Model, records: Mapping[str, CustomerRecord]) -> Resolved:
    """Return what Splink's predict and clustering make of the records."""
    keys = sorted(records)
    return _by_splink(model, records, dict(enumerate(keys)))


def _by_splink(
    model: Model, records: Mapping[str, CustomerRecord], keys: Mapping[int, str]
) -> Resolved:
    standardised = model.standardise([records[key] for key in keys.values()])
    batch = resolve_batch(model, dict(zip(keys, standardised, strict=True)))
    pairs = {
        frozenset({keys[p.a], keys[p.b]}): (p.weight, p.probability)
        for p in batch.pairs
    }
    groups = _groups({keys[r]: label for r, label in batch.components.items()})
    return Resolved(pairs, groups, groups)


def expected(
    connection: Connection, model: Model, records: Mapping[str, CustomerRecord]
) -> Resolved:
    """Return what the stream must stand at: Splink's batch, and decisions upon it.

    Without decisions the clusters are literally Splink's.
    """
    keys = _keys(connection)
    mine = {number: key for number, key in keys.items() if key in records}
    splinks = _by_splink(model, records, mine)
    decisions = links.decisions(connection, list(mine))
    if not decisions:
        return splinks
    number = {key: record_id for record_id, key in mine.items()}
    ends = {pair: sorted(number[key] for key in pair) for pair in splinks.pairs}
    found = cluster(
        mine,
        [Link(*ends[pair], *weights) for pair, weights in splinks.pairs.items()],
        decisions,
        match=model.bands.match,
    )
    groups = _groups({mine[r]: label for r, label in found.cluster.items()})
    return splinks._replace(clusters=groups)


def streamed(connection: Connection) -> Resolved:
    """Return where the stream stands."""
    keys = _keys(connection)
    pairs = {
        frozenset({keys[a], keys[b]}): (weight, probability)
        for a, b, weight, probability in connection.execute(
            "SELECT a, b, weight, probability FROM link"
        )
    }
    labels = connection.execute(
        "SELECT record_id, component, customer_id FROM label"
    ).fetchall()
    return Resolved(
        pairs,
        _groups({keys[record_id]: component for record_id, component, _ in labels}),
        _groups({keys[record_id]: customer for record_id, _, customer in labels}),
    )


def _keys(connection: Connection) -> dict[int, str]:
    rows = connection.execute(
        "SELECT record_id, system || ':' || id FROM source_record ORDER BY record_id"
    )
    return dict(rows.fetchall())


def _groups(labels: Mapping[str, object]) -> Groups:
    members: dict[object, set[str]] = {}
    for key, label in labels.items():
        members.setdefault(label, set()).add(key)
    return {frozenset(group) for group in members.values()}
