"""What a relabel looks at, and what it finds of each customer in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from schemas.source_key import SourceKey
from service.database.clusters.labels import Label
from service.database.customers.customers import CustomerRow
from service.database.sources.source_records import Stored
from service.resolver.customer_ids import Succession


@dataclass(frozen=True)
class ChangedCustomers:
    """The live records of whole components, and every label that was there before."""

    records: dict[int, Stored]
    labels: dict[int, Label]
    dirty: frozenset[int]


@dataclass(frozen=True)
class Change:
    """What happened to one customer id: before, now, and to or from whom."""

    customer_id: UUID
    row: CustomerRow | None
    anchor: int | None
    survivor: UUID | None
    members: list[Stored]
    moved: list[SourceKey]
    gained_from: frozenset[UUID]
    lost_to: frozenset[UUID]


def changes(
    region: ChangedCustomers, heirs: Succession, known: Sequence[CustomerRow]
) -> list[Change]:
    """Return every customer whose members, facts or succession may have changed."""
    rows = {row.customer_id: row for row in known}
    before = _by_customer((r, label.customer_id) for r, label in region.labels.items())
    now = _by_customer(heirs.bearer.items())
    touched = {heirs.bearer[r] for r in region.dirty if r in heirs.bearer}
    touched |= {c for c in {*before, *now} if before[c] != now[c]}
    touched |= {
        customer_id
        for customer_id, survivor in heirs.retired.items()
        if customer_id in rows and rows[customer_id].retired_into != survivor
    }
    bore = {r: label.customer_id for r, label in region.labels.items()}

    def change(customer_id: UUID) -> Change:
        row = rows.get(customer_id)
        gained = now[customer_id] - before[customer_id]
        lost = before[customer_id] - now[customer_id]
        moved = [region.records[r].key for r in gained | lost if r in region.records]
        return Change(
            customer_id,
            row,
            heirs.anchors.get(customer_id, row.anchor if row else None),
            heirs.retired.get(customer_id),
            [region.records[record_id] for record_id in sorted(now[customer_id])],
            sorted(moved),
            frozenset(bore[r] for r in gained if r in bore),
            frozenset(heirs.bearer[r] for r in lost if r in heirs.bearer),
        )

    return [change(customer_id) for customer_id in sorted(touched)]


def _by_customer(pairs: Iterable[tuple[int, UUID]]) -> dict[UUID, set[int]]:
    found: dict[UUID, set[int]] = defaultdict(set)
    for record_id, customer_id in pairs:
        found[customer_id].add(record_id)
    return found
