"""The audit: one batch over all records says whether the stream is where it should.

The batch is Splink's own predict and clustering over the stored features; the live
state is what the resolver wrote, micro-batch by micro-batch. They must not differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from matching.batch import resolve_batch
from matching.clustering import Link
from matching.guards import cluster_by
from matching.model import Model
from schemas.source_key import SourceKey
from service.database import links
from service.database.session import Connection

SHOWN = 20
"""Differences of each kind that a report names; it counts all of them."""


@dataclass
class Differences:
    """How many there are of one kind, and the first of them by source key."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, example: str) -> None:
        """Count one difference."""
        self.count += 1
        if len(self.examples) < SHOWN:
            self.examples.append(example)


@dataclass
class AuditReport:
    """What a batch over a snapshot found, and where the live state differs from it.

    `unfinished` records were being resolved when the snapshot was taken; what they
    touch is left out.
    """

    records: int = 0
    pairs: int = 0
    customers: int = 0
    unfinished: int = 0
    missing_links: Differences = field(default_factory=Differences)
    extra_links: Differences = field(default_factory=Differences)
    other_weights: Differences = field(default_factory=Differences)
    other_components: Differences = field(default_factory=Differences)
    other_customers: Differences = field(default_factory=Differences)

    @property
    def differences(self) -> int:
        """How many differences of any kind there are; 0 is right."""
        return sum(
            found.count
            for found in vars(self).values()
            if isinstance(found, Differences)
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return asdict(self) | {"differences": self.differences}


@dataclass(frozen=True)
class _Live:
    keys: dict[int, str]
    features: dict[int, dict[str, Any]]
    links: dict[tuple[int, int], float]
    components: dict[int, int]
    customers: dict[int, str]
    unfinished: frozenset[int]


def audit(connection: Connection, model: Model) -> AuditReport:
    """Re-run the batch over a consistent snapshot; report every difference."""
    with _snapshot(connection):
        live = _read(connection)
        decisions = links.decisions(connection, list(live.keys))
    batch = resolve_batch(model, live.features)
    report = AuditReport(
        records=len(live.keys),
        pairs=len(batch.pairs),
        customers=len(set(live.customers.values())),
        unfinished=len(live.unfinished),
    )
    _compare_links(report, live, {(p.a, p.b): p.weight for p in batch.pairs})
    _compare_groups(report.other_components, live, live.components, batch.components)
    strong = [Link(p.a, p.b, p.weight, p.probability) for p in batch.pairs]
    keys = {record: SourceKey.parse(key) for record, key in live.keys.items()}
    expected = cluster_by(model, live.features, strong, decisions, keys=keys)
    _compare_groups(report.other_customers, live, live.customers, expected.cluster)
    return report


@contextmanager
def _snapshot(connection: Connection) -> Iterator[None]:
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _read(connection: Connection) -> _Live:
    keys: dict[int, str] = {}
    features: dict[int, dict[str, Any]] = {}
    for record_id, system, id_, values in connection.execute(
        "SELECT record_id, system, id, features FROM source_record"
        " WHERE features IS NOT NULL"
    ):
        keys[record_id], features[record_id] = f"{system}:{id_}", values
    labels = connection.execute(
        "SELECT record_id, component, customer_id::text FROM label"
    ).fetchall()
    return _Live(
        keys,
        features,
        {(a, b): w for a, b, w in connection.execute("SELECT a, b, weight FROM link")},
        {record_id: component for record_id, component, _ in labels},
        {record_id: customer_id for record_id, _, customer_id in labels},
        frozenset(row[0] for row in connection.execute("SELECT record_id FROM dirty")),
    )


def _compare_links(
    report: AuditReport, live: _Live, expected: dict[tuple[int, int], float]
) -> None:
    for pair in sorted(expected.keys() | live.links.keys()):
        if not live.unfinished.isdisjoint(pair):
            continue
        name = " ".join(live.keys.get(end, "?") for end in pair)
        if pair not in live.links:
            report.missing_links.add(name)
        elif pair not in expected:
            report.extra_links.add(name)
        elif live.links[pair] != expected[pair]:
            report.other_weights.add(name)


def _compare_groups(
    found: Differences,
    live: _Live,
    actual: dict[int, Any],
    expected: dict[int, int],
) -> None:
    """Compare two groupings of the records, whatever names they give to groups."""
    is_, should = _groups(actual), _groups(expected)
    for record_id in sorted(live.keys):
        group = is_.get(actual.get(record_id), frozenset())
        wanted = should[expected[record_id]]
        if group != wanted and live.unfinished.isdisjoint(group | wanted):
            found.add(live.keys[record_id])


def _groups(labels: dict[int, Any]) -> dict[Any, frozenset[int]]:
    members: dict[Any, set[int]] = {}
    for record_id, label in labels.items():
        members.setdefault(label, set()).add(record_id)
    return {label: frozenset(group) for label, group in members.items()}
