"""The switch: one transaction puts a shadow run in force, records that changed too."""

from __future__ import annotations

from collections.abc import Sequence

from matching.model.model_version import Model
from service.database.clusters import labels, model_versions, shadow_run
from service.database.connection.session import Connection
from service.database.sources import blocking_keys, dirty
from service.model_versions.shadow_run import read_records
from service.resolver.link import score_candidates
from service.resolver.relabel import relabel
from service.resolver.resolve import ActiveModel
from service.resolver.reviews import rewrite_reviews


def switch(
    connection: Connection, judge: ActiveModel, *, records: int, customers_changed: int
) -> int:
    """Make the model of the shadow run decide; return how many customers were written.

    Resolvers wait while it runs: publishers and scorers for the model's lock, relabel
    for the labels'. What they then find is the new model, and they load it. What
    changed since the shadow run read it is caught up here, as the stream would.
    """
    model = judge.model
    with connection.transaction():
        model_versions.lock(connection)
        labels.lock(connection)
        changed = shadow_run.changed(connection)
        touched = shadow_run.other_labels(connection)
        read_records(connection, model, changed)
        shadow_run.replace(connection, model=model.digest, without=changed)
        model_versions.activate(
            connection, model, records=records, customers_changed=customers_changed
        )
        _catch_up(connection, judge, changed)
        dirty.mark(connection, ((record_id, False) for record_id in touched))
        written = relabel(connection, model=model)
        rewrite_reviews(connection, model=model)
    return written


def _catch_up(
    connection: Connection, judge: ActiveModel, changed: Sequence[int]
) -> None:
    """Find the links of the records that changed, and of blocks that they filled."""
    blocking_keys.reset(connection, shadow_run.crowded(connection))
    dirty.mark(connection, ((record_id, True) for record_id in changed))
    waiting = [*changed, *_settled(connection, judge.model, changed)]
    while keys := score_candidates(
        connection, waiting, model=judge.model, scorer=judge.scorer
    ):
        most = judge.model.guards.largest_block
        waiting += blocking_keys.suspend(connection, keys, most=most)


def _settled(connection: Connection, model: Model, changed: Sequence[int]) -> list[int]:
    """Suspend what grew too large under the shadow run, restore what no longer is."""
    most = model.guards.largest_block
    if not most:
        return []
    keys = blocking_keys.keys_over_limit(connection, changed, most=most)
    return blocking_keys.suspend(connection, keys, most=most)
