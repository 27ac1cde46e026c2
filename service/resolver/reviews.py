"""The cases that a relabel leaves for stewards."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import structlog

from matching.clustering.cluster import Clustering, Decision, Link
from matching.clustering.reviews import Kind, cases
from matching.model.model_version import Model
from service.database.clusters import labels
from service.database.connection.session import Connection
from service.database.stewardship import review_writes
from service.resolver.changes import ChangedCustomers

log = structlog.get_logger()


def write_reviews(
    connection: Connection,
    region: ChangedCustomers,
    clustering: Clustering,
    *,
    model: Model,
    evidence: tuple[Sequence[Link], Sequence[Decision]],
    bearer: dict[int, UUID],
) -> None:
    """Make the cases that touch the region those of its clusters, and no others.

    A case between two customers touches both, so whichever is relabelled writes it
    anew: all cases together are a function of the live state.
    """
    links, decisions = evidence
    ends = {end for link in links for end in (link.a, link.b)}
    ends |= {end for decision in decisions for end in (decision.a, decision.b)}
    others = labels.customers_of(connection, ends - region.records.keys())
    found = cases(
        model,
        clustering,
        links,
        decisions,
        customers=bearer | {record: one.customer_id for record, one in others.items()},
        keys={record: stored.key for record, stored in region.records.items()}
        | {record: one.key for record, one in others.items()},
    )
    ids = [*(region.records.keys() | region.labels.keys())]
    for case in review_writes.replace(connection, ids, found):
        if case.kind is Kind.GIANT:
            log.warning("giant component", record_id=case.a, reason=case.why)
