"""The switch: one transaction puts a shadow run in force, records that changed too."""

from __future__ import annotations

from collections.abc import Collection

from service.database import dirty, labels, models, shadow
from service.database.session import Connection
from service.database.shadow import ShadowRecord
from service.promotion.shadow import Shadow
from service.promotion.snapshot import standardised
from service.resolver.all_doubts import rewrite_reviews
from service.resolver.find import find_and_score
from service.resolver.relabel import relabel
from service.resolver.resolve import Judge


def switch(
    connection: Connection, run: Shadow, judge: Judge, *, customers_changed: int
) -> int:
    """Make the staged run's model decide; return how many customers were written.

    Resolvers wait while it runs: publishers and scorers for the model's lock, relabel
    for the labels'. What they then find is the new model, and they load it. What
    changed since the shadow run read it is caught up here, as the stream would.
    """
    model = judge.model
    with connection.transaction():
        models.lock(connection)
        labels.lock(connection)
        before = models.active(connection)
        changed = shadow.changed(connection)
        old = before.bands if before else model.bands
        touched = shadow.touched(connection, old=old, new=model.bands)
        touched |= run.doubtful()
        _read_again(connection, changed, judge)
        shadow.replace(connection, model=model.digest, without=changed)
        models.activate(
            connection,
            model,
            records=len(run.features),
            customers_changed=customers_changed,
        )
        dirty.mark(connection, ((record_id, True) for record_id in changed))
        find_and_score(connection, changed, model=model, scorer=judge.scorer)
        dirty.mark(connection, ((record_id, False) for record_id in touched))
        written = relabel(connection, model=model)
        rewrite_reviews(connection, model=model)
        return written


def _read_again(
    connection: Connection, record_ids: Collection[int], judge: Judge
) -> None:
    """Put the records that changed into the shadow as they are now."""
    shadow.forget_records(connection, record_ids)
    states = shadow.versions_of(connection, record_ids)
    held = standardised(connection, list(states))
    features = {r: judge.model.freeze(values) for r, values in held.items()}
    shadow.add_records(
        connection,
        [
            ShadowRecord(r, *states[r], values, judge.model.blocking_keys(values))
            for r, values in features.items()
        ],
    )
