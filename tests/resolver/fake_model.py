"""A judge so plain that a test can say by hand what it must decide.

The resolver's own promises (fence, offsets, marks, labels) do not depend on which
pure function scores a pair; the journey tests run it with the shipped model.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from matching.model.bands import Bands
from matching.model.hard_rules import NO_GUARDS
from matching.model.model_version import Model
from matching.scoring.scorer import ScoredPair, Scorer
from schemas.source_record import CustomerRecord
from service.resolver.resolve import ActiveModel

Features = dict[str, Any]


class PlainModel:
    """Blocks on e-mail and phone; what two records share speaks for a match."""

    digest = "plain"
    bands = Bands(review=0.2, match=0.9)
    guards = NO_GUARDS

    def standardise(self, records: Sequence[CustomerRecord]) -> list[Features]:
        return [
            {"name": r.given_name, "emails": list(r.emails), "phones": list(r.phones)}
            for r in records
        ]

    def blocking_keys(self, features: Features) -> list[int]:
        return sorted(self.keys_by_hash(features))

    def keys(self, features: Features) -> set[str]:
        return {*features["emails"], *features["phones"]}

    def keys_by_hash(self, features: Features) -> dict[int, str]:
        return {zlib.crc32(k.encode()) % 1_000: k for k in self.keys(features)}

    def holds(self, features: Features, key: str) -> bool:
        return key in self.keys(features)

    def shares_block(self, left: Features, right: Features) -> bool:
        return any(set(left[name]) & set(right[name]) for name in ("emails", "phones"))


def weight(left: Features, right: Features) -> float:
    """Return the match weight of two records: symmetric and exact in binary."""
    found = -2.0
    found += 4.0 if set(left["emails"]) & set(right["emails"]) else -1.0
    found += 3.0 if set(left["phones"]) & set(right["phones"]) else -1.0
    found += 2.0 if left["name"] == right["name"] else -3.0
    return found


class PlainScorer:
    """Scores with `weight`."""

    def score(
        self,
        features: Mapping[int, Features | str],
        pairs: Collection[tuple[int, int]],
    ) -> list[ScoredPair]:
        found = []
        for a, b in pairs:
            bits = weight(_read(features[a]), _read(features[b]))
            probability = 1 / (1 + math.pow(2, -bits))
            if probability >= PlainModel.bands.review:
                found.append(ScoredPair(a, b, bits, probability, {"bits": bits}))
        return found


def _read(features: Features | str) -> Features:
    return (
        cast(Features, json.loads(features)) if isinstance(features, str) else features
    )


def plain_judge() -> ActiveModel:
    """Return a judge that decides by `weight`."""
    return ActiveModel(cast(Model, PlainModel()), cast(Scorer, PlainScorer()))
