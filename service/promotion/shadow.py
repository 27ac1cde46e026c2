"""The shadow run: what a model makes of all records, beside what is in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matching.batch import resolve_batch
from matching.clustering import Clustering, Link
from matching.guards import cluster_by
from matching.model import Model
from matching.normalise import Features
from matching.score import ScoredPair
from service.database.shadow import ShadowRecord
from service.promotion.snapshot import Snapshot


@dataclass(frozen=True)
class Shadow:
    """One model's features, pairs and clusters for the records of a snapshot."""

    model: Model
    snapshot: Snapshot
    features: dict[int, Features]
    pairs: list[ScoredPair]
    clustering: Clustering

    def doubtful(self) -> set[int]:
        """Return the records that a guard kept apart or would show to a steward."""
        told = [*self.clustering.refused, *self.clustering.suspect]
        return {end for one in told for end in (one.a, one.b)}

    def records(self) -> Iterator[ShadowRecord]:
        """Give each record as this model reads it."""
        for record_id, features in self.features.items():
            seen = self.snapshot.seen[record_id]
            yield ShadowRecord(
                record_id,
                seen.position,
                seen.version,
                features,
                self.model.blocking_keys(features),
            )


def shadow_run(model: Model, snapshot: Snapshot) -> Shadow:
    """Return what this model makes of the snapshot, in one batch."""
    features = {r: model.freeze(held) for r, held in snapshot.normalised.items()}
    pairs = resolve_batch(model, features).pairs
    clustering = cluster_by(
        model,
        features,
        [Link(p.a, p.b, p.weight, p.probability) for p in pairs],
        snapshot.decisions,
        keys=snapshot.keys,
    )
    return Shadow(model, snapshot, features, pairs, clustering)
