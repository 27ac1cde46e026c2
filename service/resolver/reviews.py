"""The cases for stewards: those that a relabel leaves, or those of all records."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import structlog

from matching.clustering.cluster import Clustering, Decision, Keys, Link
from matching.clustering.guarded_clusters import cluster_by
from matching.clustering.reviews import Kind, ReviewCase, cases
from matching.features.normalise import Features
from matching.model.hard_rules import GUARDED, SOURCE_KEY, Guards
from matching.model.model_version import Model
from service.database.clusters import labels, links
from service.database.connection.session import Connection
from service.database.sources import source_records
from service.database.stewardship import reviews
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
    for case in reviews.replace(connection, ids, found):
        if case.kind is Kind.GIANT:
            log.warning("giant component", record_id=case.a, reason=case.why)


def rewrite_reviews(connection: Connection, *, model: Model) -> int:
    """Make the open cases those of the live state; return how many there are.

    The caller holds the labels' lock and commits.
    """
    found = every_case(connection, model=model)
    reviews.replace_all(connection, found)
    return len(found)


def every_case(connection: Connection, *, model: Model) -> list[ReviewCase]:
    """Return the cases of all records, whatever cases are stored."""
    said = links.all_decisions(connection)
    decided = {end for d in said for end in (d.a, d.b)}
    odd = labels.components_to_recheck(
        connection,
        columns=_columns(model),
        size=_smallest_odd(model.guards),
        decided=decided,
    )
    records = {one.record_id: one for one in source_records.live(connection, odd)}
    features: dict[int, Features] = {r: s.guarded for r, s in records.items()}
    keys: Keys = {record_id: stored.key for record_id, stored in records.items()}
    strong = links.among(connection, list(records), match=model.bands.match)
    band = links.between_customers(connection, bands=model.bands)
    clustering = cluster_by(model, features, strong, said, keys=keys)
    ends = {end for link in band for end in (link.a, link.b)}
    borne = labels.customers_of(connection, ends | decided | records.keys())
    return cases(
        model,
        clustering,
        [*strong, *band],
        said,
        customers={record: one.customer_id for record, one in borne.items()},
        keys={record: one.key for record, one in borne.items()},
    )


def _columns(model: Model) -> list[str]:
    """Return the columns of which two values in one component may be a case."""
    guards = model.guards
    rules = guards.active(model.settings) if guards.rules else ()
    return sorted({rule.column for rule in rules} & {*GUARDED})


def _smallest_odd(guards: Guards) -> int:
    """Return from how many records a component's mere size or shape may be a case."""
    sizes = (guards.largest + 1, guards.alarm + 1, 2 * guards.bridge_side)
    rules_of_all = any(rule.column == SOURCE_KEY for rule in guards.rules)
    return 2 if rules_of_all else min((n for n in sizes if n > 1), default=2**31)
