"""The story of a promotion: shadow run, difference, guard, switch; and back again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from matching.model.model_version import Model
from matching.scoring.scorer import Scorer
from service.database.batches import bulk_loads
from service.database.clusters import model_versions
from service.database.clusters import shadow_run as shadow
from service.database.connection.session import Connection
from service.errors import ServiceError
from service.model_versions.difference import Difference, difference
from service.model_versions.shadow_run import find_again, read_records, shadow_run
from service.model_versions.switch import switch
from service.resolver.resolve import ActiveModel

log = structlog.get_logger()

MOST_CHANGED = 0.05
"""The share of customers that a promotion may change without being forced."""
_CAUGHT_UP_IN_THE_SWITCH = 5_000
_MORE_RUNS = 2


class TooManyChanged(ServiceError):
    """The model would change more customers than the guard allows: look first."""

    remedy = (
        "Look at `couture model compare active BUNDLE --database`; if it is right,"
        " promote again with --force. Nothing was written."
    )


class AlreadyActive(ServiceError):
    """The model version decides already: there is nothing to promote."""

    remedy = "Nothing was written."


class LoadUnfinished(ServiceError):
    """A bulk load holds the records: let it end first."""

    retriable = True
    remedy = "Let it end, or run it again; then promote. Nothing was written."


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
    judge = ActiveModel(
        model, Scorer(model, beside_splink=True)
    )  # refuses a bundle that is not bit-equal
    replaced = model_versions.active_digest(connection)
    if replaced == model.digest:
        raise AlreadyActive(f"The model {model.digest[:12]} decides already.")
    with _no_load(connection):
        records = shadow_run(connection, model)
        log.info("shadow run done", records=records)
        live, shadowed = shadow.live_clusters(connection), shadow.clusters(connection)
        found = difference(connection, live, shadowed)
        written = None
        if not dry_run:
            _guard(found, most_changed)
            records = _run_again(connection, model, records)
            changed = found.clusters.changed
            written = switch(
                connection, judge, records=records, customers_changed=changed
            )
            log.info("model promoted", model=model.digest[:12], customers=written)
    return Promoted(model.digest, replaced, records, found, written)


@contextmanager
def _no_load(connection: Connection) -> Iterator[None]:
    """Keep bulk loads away: they write with the model that they began with."""
    unfinished = "SELECT EXISTS (SELECT FROM bulk_load WHERE finished_at IS NULL)"
    if not bulk_loads.lock(connection):
        raise LoadUnfinished("A bulk load is running.")
    try:
        if connection.execute(unfinished).fetchone() == (True,):
            raise LoadUnfinished("A bulk load was interrupted.")
        yield
    finally:
        bulk_loads.unlock(connection)


def _guard(found: Difference, most_changed: float | None) -> None:
    share = found.clusters.share_changed
    if most_changed is not None and share > most_changed:
        raise TooManyChanged(
            f"The model would change {found.clusters.changed} of"
            f" {found.clusters.before} customers ({share:.1%}, allowed are"
            f" {most_changed:.1%})."
        )


def _run_again(connection: Connection, model: Model, records: int) -> int:
    """Run the shadow again, on what changed, while that is much; count its records."""
    for _ in range(_MORE_RUNS):
        changed = shadow.changed(connection)
        if len(changed) <= _CAUGHT_UP_IN_THE_SWITCH:
            break
        log.info("shadow run again", changes=len(changed))
        read_records(connection, model, changed)
        records = find_again(connection, model)
    return records
