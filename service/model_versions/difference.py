"""What a switch of model would do to customers: clusters, ids and points touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from matching.evaluation.cluster_difference import ClusterDiff, compare_clusters
from service.database.batches.snapshot_export import keys_of
from service.database.clusters import labels
from service.database.connection.session import Connection
from service.database.customers import customers
from service.database.facts import facts
from service.resolver.customer_ids import Anchored, succession

SHOWN = 20
"""Regroupings that a report names; it counts all of them."""


@dataclass(frozen=True)
class IdsTouched:
    """What becomes of customer ids, by the contract that the resolver keeps."""

    changed: int
    retired: int
    returned: int
    fresh: int


@dataclass(frozen=True)
class Difference:
    """The whole difference, with the first regroupings by source key."""

    clusters: ClusterDiff
    ids: IdsTouched
    points: dict[str, str]
    examples: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as JSON values."""
        return self.clusters.as_dict() | {
            "customer_ids": asdict(self.ids),
            "points_touched": self.points,
            "examples": self.examples,
        }


def difference(
    connection: Connection, before: Mapping[int, int], after: Mapping[int, int]
) -> Difference:
    """Return what differs between two labellings of records.

    They name each cluster by its smallest record id.
    """
    found = compare_clusters(before, after)
    moved = sorted(r for one in found.regroupings for r in one.records)
    shown = found.regroupings[:SHOWN]
    keys = keys_of(connection, [r for one in shown for r in one.records])

    def named(groups: list[frozenset[int]]) -> list[list[str]]:
        return [sorted(str(keys[r]) for r in group if r in keys) for group in groups]

    return Difference(
        clusters=found,
        ids=_ids(connection, {r: after[r] for r in moved}),
        points=_points(connection, moved),
        examples=[
            {
                "kind": one.kind.value,
                "before": named(one.before),
                "after": named(one.after),
            }
            for one in shown
        ],
    )


def _ids(connection: Connection, clusters: Mapping[int, int]) -> IdsTouched:
    """Follow the succession contract without minting or writing an id."""
    formerly = {
        record: label.customer_id
        for record, label in labels.customers_of(connection, set(clusters)).items()
    }
    known = customers.anchored_in(
        connection, list(clusters), also=set(formerly.values())
    )
    anchored = [
        Anchored(c.customer_id, c.anchor) for c in known if c.anchor is not None
    ]
    heirs = succession(clusters, anchored, formerly=formerly, fresh=_unborn())
    lived, live = set(formerly.values()), set(heirs.bearer.values())
    existing = {row.customer_id for row in known}
    return IdsTouched(
        changed=len(lived),
        retired=len(lived - live),
        returned=len((live - lived) & existing),
        fresh=len(live - existing),
    )


def _unborn() -> Iterator[UUID]:
    """Give ids younger than any that lives."""
    number = 2**128 - 2**64
    while True:
        yield UUID(int=number)
        number += 1


def _points(connection: Connection, records: list[int]) -> dict[str, str]:
    """Return the balances, per programme and unit, of the customers that change."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in facts.balances(connection, records):
        sums[f"{row.programme} {row.unit}"] += row.amount
    return {name: str(amount) for name, amount in sorted(sums.items())}
