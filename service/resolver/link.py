"""Step B: candidates that share a blocking key are scored and become links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

import orjson

from matching.model.model_version import Model
from matching.scoring.scorer import Scorer
from service.database.clusters import links
from service.database.connection.session import Connection
from service.database.sources import blocking_keys, dirty, source_records

ORPHANS_AFTER_S = 30
"""Age at which a mark that nobody scored belongs to a worker that died."""


def score_candidates(
    connection: Connection, record_ids: Sequence[int], *, model: Model, scorer: Scorer
) -> list[int]:
    """Score the records that wait for it against every committed candidate.

    It runs after publication has committed: of two workers that publish records of
    one person, whoever commits second sees both, so no pair is missed and no key is
    locked. Returns blocking keys that must be settled first; then nothing was scored.
    """
    waiting = dirty.unscored(connection, record_ids, orphans_after_s=ORPHANS_AFTER_S)
    if not waiting:
        return []
    most = model.guards.largest_block
    ids = [mark[0] for mark in waiting]
    found = source_records.candidates(connection, ids, most=most)
    if most and (
        keys := blocking_keys.keys_over_limit(
            connection, _crowded(found, most), most=most
        )
    ):
        return keys
    ends = {end for record, other, _ in found for end in (record, other)}
    stored = source_records.features(connection, ends)
    features = {record_id: text for record_id, (_, text) in stored.items()}
    met: dict[tuple[int, int], int] = {
        (min(record, other), max(record, other)): hashed
        for record, other, hashed in found
        if record in features and other in features
    }
    pairs = scorer.score(features, met)
    shared = _SharedKeys(connection, model)
    links.upsert(
        connection,
        [p for p in pairs if shared(features[p.a], features[p.b], met[p.a, p.b])],
        versions={record_id: version for record_id, (version, _) in stored.items()},
        model=model.digest,
    )
    dirty.scored(connection, waiting)
    return []


def _crowded(found: Sequence[tuple[int, int, int]], most: int) -> list[int]:
    """Return the records with so many candidates that a block may be too large."""
    if len(found) < most:
        return []
    others = Counter(record for record, _, _ in found)
    return [record for record, n in others.items() if n >= most]


class _SharedKeys:
    """Says whether two records share a key in fact, of which they shared a hash.

    Hashes collide, and a record may have left the key since its candidates were read;
    so the values are looked at, of those pairs only that would be linked. A suspended
    key joins nobody.
    """

    def __init__(self, connection: Connection, model: Model) -> None:
        self._connection = connection
        self._model = model

    def __call__(self, left: str, right: str, hashed: int) -> bool:
        first, second = orjson.loads(left), orjson.loads(right)
        keys = self._model.keys_by_hash(first)
        if hashed in keys and self._model.holds(second, keys[hashed]):
            return True
        if not self._model.shares_block(first, second):
            return False
        others = set(self._model.keys_by_hash(second).values())
        return any(
            key in others
            for number, key in keys.items()
            if number not in self._suspended
        )

    @cached_property
    def _suspended(self) -> set[int]:
        return blocking_keys.suspended_keys(self._connection)
