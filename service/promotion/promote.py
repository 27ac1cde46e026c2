"""The story of a promotion: shadow run, difference, guard, switch; and back again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from matching.model import Model
from matching.score import Scorer
from service.database import models, shadow
from service.database.session import Connection
from service.errors import ServiceError
from service.promotion import snapshot
from service.promotion.difference import Difference, difference
from service.promotion.shadow import Shadow, shadow_run
from service.promotion.switch import switch
from service.resolver.resolve import Judge

log = structlog.get_logger()

MOST_CHANGED = 0.05
"""The share of customers that a promotion may change without being forced."""
_CAUGHT_UP_IN_THE_SWITCH = 5_000
_SHADOW_RUNS = 3


class TooManyChanged(ServiceError):
    """The model would change more customers than the guard allows: look first."""

    remedy = (
        "Look at `couture model compare active BUNDLE --database`; if it is right,"
        " promote again with --force. Nothing was written."
    )


class AlreadyActive(ServiceError):
    """The model version decides already: there is nothing to promote."""

    remedy = "Nothing was written."


@dataclass(frozen=True)
class Promoted:
    """What a promotion would do, or did."""

    digest: str
    replaced: str | None
    records: int
    difference: Difference
    written: int | None  # None: it was a dry run

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "model": self.digest,
            "replaces": self.replaced,
            "records": self.records,
            "promoted": self.written is not None,
            "customers_written": self.written,
            "difference": self.difference.as_dict(),
        }


def promote(
    connection: Connection,
    model: Model,
    *,
    dry_run: bool = False,
    most_changed: float | None = MOST_CHANGED,
) -> Promoted:
    """Let another model decide, with ids kept, while the stream goes on.

    The difference is that between the live customers and the model's clusters. Raises
    UnusableModel, AlreadyActive, or TooManyChanged if more than `most_changed` of the
    customers would change (None: no guard); then nothing was written.
    """
    judge = Judge(model, Scorer(model))  # refuses a bundle that is not bit-equal
    replaced = models.active_digest(connection)
    if replaced == model.digest:
        raise AlreadyActive(f"The model {model.digest[:12]} decides already.")
    run = shadow_run(model, snapshot.read(connection))
    found = _difference(connection, run)
    written = None
    if not dry_run:
        _guard(found, most_changed)
        run = _staged(connection, run)
        changed = found.clusters.changed
        written = switch(connection, run, judge, customers_changed=changed)
        log.info("model promoted", model=model.digest[:12], customers=written)
    return Promoted(model.digest, replaced, len(run.features), found, written)


def _difference(connection: Connection, run: Shadow) -> Difference:
    live = run.snapshot.customers
    return difference(connection, run.snapshot, live, run.clustering.cluster)


def _guard(found: Difference, most_changed: float | None) -> None:
    share = found.clusters.share_changed
    if most_changed is not None and share > most_changed:
        raise TooManyChanged(
            f"The model would change {found.clusters.changed} of"
            f" {found.clusters.before} customers ({share:.1%}, allowed are"
            f" {most_changed:.1%})."
        )


def _staged(connection: Connection, run: Shadow) -> Shadow:
    """Stage the run; run again, faster, while much changed under it."""
    for again in range(_SHADOW_RUNS):
        shadow.stage(
            connection, run.records(), pairs=run.pairs, clustering=run.clustering
        )
        changed = len(shadow.changed(connection))
        log.info("shadow run staged", records=len(run.features), changes=changed)
        if changed <= _CAUGHT_UP_IN_THE_SWITCH or again == _SHADOW_RUNS - 1:
            break
        later = snapshot.read(connection, earlier=run.snapshot)
        run = shadow_run(run.model, later)
    return run
