"""Step B: candidates that share a blocking key are scored and become links."""

from __future__ import annotations

from collections.abc import Sequence

from matching.model import Model
from matching.score import Scorer
from service.database import dirty, links, source_records
from service.database.session import Connection

ORPHANS_AFTER_S = 30
"""Age at which a mark that nobody scored belongs to a worker that died."""


def find_and_score(
    connection: Connection, record_ids: Sequence[int], *, model: Model, scorer: Scorer
) -> None:
    """Score the records that wait for it against every committed candidate.

    It runs after publication has committed: of two workers that publish records of
    one person, whoever commits second sees both, so no pair is missed and no key is
    locked.
    """
    waiting = dirty.unscored(connection, record_ids, orphans_after_s=ORPHANS_AFTER_S)
    if not waiting:
        return
    pairs = source_records.candidates(connection, [mark[0] for mark in waiting])
    ends = {end for pair in pairs for end in pair}
    stored = source_records.features(connection, list(ends))
    features = {record_id: values for record_id, (_, values) in stored.items()}
    keys = {record_id: model.keys(values) for record_id, values in features.items()}
    # hashes collide: the values must agree too
    real = [
        (a, b)
        for a, b in pairs
        if a in keys and b in keys and not keys[a].isdisjoint(keys[b])
    ]
    links.upsert(
        connection,
        scorer.score(features, real),
        versions={record_id: version for record_id, (version, _) in stored.items()},
        model=model.digest,
    )
    dirty.scored(connection, waiting)
