"""Step B: candidates that share a blocking key are scored and become links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from matching.model import Model
from matching.normalise import Features
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
    stored = source_records.features(connection, list(ends))
    features = {record_id: values for record_id, (_, values) in stored.items()}
    real = _sharing(found, features, model)
    links.upsert(
        connection,
        scorer.score(features, real),
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


def _sharing(
    found: Iterable[tuple[int, int, int]],
    features: Mapping[int, Features],
    model: Model,
) -> set[tuple[int, int]]:
    """Return the pairs a < b that share a key in fact: hashes collide."""
    keyed: dict[int, dict[int, str]] = {}
    real = set()
    for record, other, hashed in found:
        pair = (record, other) if record < other else (other, record)
        if pair in real or record not in features or other not in features:
            continue
        if record not in keyed:
            keyed[record] = model.keyed(features[record])
        key = keyed[record].get(hashed)
        if (key and model.holds(features[other], key)) or model.shares_block(
            features[record], features[other]
        ):
            real.add(pair)
    return real
