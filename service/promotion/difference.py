"""What a switch of model would do to customers: clusters, ids and points touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from matching.compare import ClusterDiff, compare_clusters
from service.database import customers, facts
from service.database.session import Connection
from service.promotion.snapshot import Snapshot
from service.resolver.identity import Anchored, succession

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
    connection: Connection,
    snapshot: Snapshot,
    before: Mapping[int, Hashable],
    after: Mapping[int, int],
) -> Difference:
    """Return what differs between two labellings of the snapshot's records.

    `after` names each cluster by its smallest record id.
    """
    found = compare_clusters(before, after)
    moved = sorted(r for one in found.regroupings for r in one.records)
    return Difference(
        clusters=found,
        ids=_ids(connection, snapshot, {r: after[r] for r in moved}),
        points=_points(connection, moved),
        examples=[
            {
                "kind": one.kind.value,
                "before": [_named(snapshot, group) for group in one.before],
                "after": [_named(snapshot, group) for group in one.after],
            }
            for one in found.regroupings[:SHOWN]
        ],
    )


def _named(snapshot: Snapshot, records: frozenset[int]) -> list[str]:
    return [str(snapshot.keys[record]) for record in sorted(records)]


def _ids(
    connection: Connection, snapshot: Snapshot, clusters: Mapping[int, int]
) -> IdsTouched:
    """Follow the succession contract without minting or writing an id."""
    formerly = {r: snapshot.customers[r] for r in clusters if r in snapshot.customers}
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
