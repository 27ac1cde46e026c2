"""The story of one micro-batch, from its messages to the customers they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from matching.model.model_version import Model
from matching.scoring.scorer import Scorer
from schemas import wire
from service.database.clusters import (
    labels,
    model_versions,
)
from service.database.connection.session import Connection
from service.database.messages import (
    offsets,
    outbox,
)
from service.database.operations import dead_letters
from service.database.operations.dead_letters import DeadLetter
from service.database.sources import blocking_keys, snapshots, system_freshness
from service.resolver import metrics
from service.resolver.link import score_candidates
from service.resolver.micro_batch import Batch
from service.resolver.relabel import relabel
from service.resolver.store import publish
from service.resolver.suppression_check import without_erased

log = structlog.get_logger()


@dataclass(frozen=True)
class ActiveModel:
    """The model version that decides, and its scorer."""

    model: Model
    scorer: Scorer


def resolve(
    connection: Connection, batch: Batch, *, judge: ActiveModel, consumer: str
) -> int:
    """Fold a micro-batch into the customers it belongs to; return how many changed.

    Three transactions. What a crash leaves between them is marked dirty and finished
    by any worker; the offsets commit with the last effects, and raise OffsetMoved,
    which undoes them, if another worker has taken the partition over. Each raises
    ModelChanged if another model version decides than the judge's.
    """
    with metrics.stage("publish"), connection.transaction():
        model_versions.pin(connection, judge.model.digest)
        published = publish(connection, batch.events, model=judge.model)
    with metrics.stage("find and score"):
        find_links(connection, published.record_ids, judge=judge)
    with metrics.stage("relabel"), connection.transaction():
        labels.lock(connection)
        model_versions.check_active(connection, judge.model.digest)
        offsets.advance(connection, batch.advances, consumer=consumer)
        changed = relabel(connection, model=judge.model)
        letters = without_erased(connection, batch.dead_letters)
        _set_aside(connection, letters + published.refused)
        snapshots.keep(connection, batch.manifests)
        system_freshness.write(connection, batch.freshness())
    return changed


def find_links(
    connection: Connection, record_ids: Sequence[int], *, judge: ActiveModel
) -> None:
    """Score the records that wait, after settling the blocks that they crowd."""
    while keys := _found_and_scored(connection, record_ids, judge):
        record_ids = [*record_ids, *_settled(connection, keys, judge)]


def _found_and_scored(
    connection: Connection, record_ids: Sequence[int], judge: ActiveModel
) -> list[int]:
    with connection.transaction():
        model_versions.pin(connection, judge.model.digest)
        return score_candidates(
            connection, record_ids, model=judge.model, scorer=judge.scorer
        )


def _settled(
    connection: Connection, keys: Sequence[int], judge: ActiveModel
) -> list[int]:
    """Suspend or restore blocking keys while nobody else publishes or scores."""
    with connection.transaction():
        model_versions.lock(connection)
        model_versions.check_active(connection, judge.model.digest)
        most = judge.model.guards.largest_block
        renewed = blocking_keys.suspend(connection, keys, most=most)
    log.warning("blocks settled", count=len(keys), records=len(renewed))
    return renewed


def _set_aside(connection: Connection, letters: list[DeadLetter]) -> None:
    dead_letters.add(connection, letters)
    # those that a connector told of stand on the topic already
    ours = [one for one in letters if one.topic != wire.DEADLETTERS_TOPIC]
    outbox.append(connection, [_dead_letter_message(letter) for letter in ours])


def _dead_letter_message(letter: DeadLetter) -> outbox.Message:
    return outbox.Message(
        wire.DEADLETTERS_TOPIC,
        letter.key or b"",
        # the broker bounds a message; the whole of a larger one stands in the table
        letter.value if letter.value and len(letter.value) < 1_000_000 else b"",
        {
            "reason": letter.reason,
            "detail": letter.detail,
            "topic": letter.topic,
            "partition": str(letter.partition),
            "offset": str(letter.offset),
        },
    )
