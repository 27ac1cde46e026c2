"""What Splink's own batch says of the final records, and where the stream stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import duckdb
import pyarrow as pa
from splink import DuckDBAPI
from splink.clustering import cluster_pairwise_predictions_at_threshold

from matching.clustering.cluster import Decision, Link
from matching.clustering.guarded_clusters import cluster_by
from matching.features.normalise import Features
from matching.model.model_version import Model
from matching.scoring.splink_predict import resolve_batch
from matching.scoring.splink_sql import quiet
from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from service.database.connection.session import Connection
from service.database.stewardship.decisions import Decided

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
    features = model.standardise([records[key] for key in keys])
    batch = resolve_batch(model, dict(enumerate(features)))
    pairs = {
        frozenset({keys[p.a], keys[p.b]}): (p.weight, p.probability)
        for p in batch.pairs
    }
    components = _groups({keys[r]: label for r, label in batch.components.items()})
    clusters = guarded(model, dict(zip(keys, features, strict=True)), pairs)
    return Resolved(pairs, components, components if clusters is None else clusters)


class Said:
    """Splink's predict over every pair of things that may be said, run once.

    A weight depends on the two records alone, so whatever history is made of them, its
    pairs are among these. Clustering, by Splink too, is done for each history.
    """

    def __init__(self, model: Model, said: Sequence[CustomerRecord]) -> None:
        self.model, self._said = model, said
        self._features = model.standardise(said)
        twice = dict(enumerate([*self._features, *self._features]))
        self._pairs = {
            (p.a % len(said), p.b % len(said)): (p.weight, p.probability)
            for p in resolve_batch(model, twice).pairs
        }

    def expected(
        self,
        final: Mapping[str, int],
        decided: Iterable[Decided] = (),
        *,
        at_the_end: bool = True,
    ) -> Resolved:
        """Return where the stream must stand, if the sources hold this.

        On the way components are found by hand: Splink needs a tenth of a second.
        """
        pairs = {
            frozenset({left, right}): self._pairs[final[left], final[right]]
            for left, right in combinations(sorted(final), 2)
            if (final[left], final[right]) in self._pairs
        }
        match = self.model.bands.match
        find = splinks_clusters if at_the_end else _connected
        components = find(sorted(final), pairs, match=match)
        records = {key: self._features[place] for key, place in final.items()}
        clusters = guarded(self.model, records, pairs, decided)
        return Resolved(pairs, components, components if clusters is None else clusters)

    def by_predict(self, final: Mapping[str, int]) -> Pairs:
        """Return the pairs by a run of Splink's predict over the final records."""
        records = {key: self._said[place] for key, place in final.items()}
        return by_splink(self.model, records).pairs


def splinks_clusters(keys: Sequence[str], pairs: Pairs, *, match: float) -> Groups:
    """Return Splink's clusters of the records at the match threshold."""
    ends = [(*sorted(pair), weights[1]) for pair, weights in pairs.items()]
    columns = list(zip(*ends, strict=True)) or [[], [], []]
    edges = {
        "unique_id_l": pa.array(columns[0], pa.string()),
        "unique_id_r": pa.array(columns[1], pa.string()),
        "match_probability": pa.array(columns[2], pa.float64()),
    }
    if not keys:
        return set()
    with quiet(), duckdb.connect() as connection:
        api = DuckDBAPI(connection)
        answer = cluster_pairwise_predictions_at_threshold(
            api.register(pa.table({"unique_id": pa.array(keys, pa.string())})),
            api.register(pa.table(edges)),
            api,
            node_id_column_name="unique_id",
            threshold_match_probability=match,
        )
        rows = connection.execute(
            f"select unique_id, cluster_id from {answer.physical_name}"
        ).fetchall()
    return _groups(dict(rows))


def _connected(keys: Sequence[str], pairs: Pairs, *, match: float) -> Groups:
    group = {key: {key} for key in keys}
    for left, right in (
        tuple(p) for p, (_, chance) in pairs.items() if chance >= match
    ):
        if group[left] is not group[right]:
            group[left] |= group[right]
            group |= dict.fromkeys(group[right], group[left])
    return {frozenset(members) for members in group.values()}


def guarded(
    model: Model,
    records: Mapping[str, Features],
    pairs: Pairs,
    decided: Iterable[Decided] = (),
) -> Groups | None:
    """Return the clusters, the pure function of records, model and decisions.

    None says that they are Splink's: nobody decided, and no guard kept any two apart.
    """
    number = {key: place for place, key in enumerate(sorted(records))}
    decisions = [
        Decision(
            *sorted([number[str(d.left)], number[str(d.right)]]),
            d.verdict,
            d.decided_at,
        )
        for d in decided
        if str(d.left) in number and str(d.right) in number
    ]
    found = cluster_by(
        model,
        {number[key]: features for key, features in records.items()},
        [
            Link(*sorted(number[key] for key in pair), *weights)
            for pair, weights in pairs.items()
        ],
        decisions,
        keys={place: SourceKey.parse(key) for key, place in number.items()},
    )
    if not decisions and not found.refused:
        return None
    names = sorted(records)
    return _groups({names[place]: label for place, label in found.cluster.items()})


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
