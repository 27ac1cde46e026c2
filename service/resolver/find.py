"""Step B: candidates that share a blocking key are scored and become links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import orjson

from matching.model import Model
from matching.score import Scorer
from service.database import blocks, dirty, links, source_records
from service.database.session import Connection

ORPHANS_AFTER_S = 30
"""Age at which a mark that nobody scored belongs to a worker that died."""


def find_and_score(
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
    if most and (keys := blocks.crossed(connection, _crowded(found, most), most=most)):
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
    links.upsert(
        connection,
        [
            p
            for p in pairs
            if _share(features[p.a], features[p.b], met[p.a, p.b], model)
        ],
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


def _share(left: str, right: str, hashed: int, model: Model) -> bool:
    """Say whether two records share a key in fact, of which they share a hash.

    Hashes collide, so the values are looked at; only of pairs that would be linked.
    """
    first, second = orjson.loads(left), orjson.loads(right)
    key = model.keyed(first).get(hashed)
    return bool(key and model.holds(second, key)) or model.shares_block(first, second)
