"""The audit: one batch over all records says whether the stream is where it should.

The batch is Splink's own predict and clustering over the stored features; the live
state is what the resolver wrote, micro-batch by micro-batch. They must not differ.
All is compared in DuckDB, on files that one snapshot of the database gave.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from matching.batch.duckdb_batch import FileBatch
from matching.clustering.cluster import Decision
from matching.model.model_version import Model
from service.database.batches.snapshot_export import (
    DECIDED,
    UNFINISHED,
    keys_of,
    write_records,
    write_rows,
)
from service.database.clusters import links
from service.database.connection.session import Connection, snapshot_read
from service.database.verification import audits

SHOWN = 20
"""Differences of each kind that a report names; it counts all of them."""


@dataclass
class Differences:
    """How many there are of one kind, and the first of them by source key."""

    count: int = 0
    examples: list[str] = field(default_factory=list)


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
    seconds: dict[str, float] = field(default_factory=dict)

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


def audit(connection: Connection, model: Model) -> AuditReport:
    """Re-run the batch over a consistent snapshot; report every difference.

    Nothing is written.
    """
    with (
        tempfile.TemporaryDirectory(prefix="couture-audit-") as folder,
        FileBatch(model, Path(folder)) as batch,
    ):
        clock = _Clock()
        decisions = _read(connection, batch, Path(folder))
        clock.mark("read")
        pairs = batch.match()
        batch.find_components()
        clock.mark("match")
        expect_clusters(connection, batch, decisions)
        report = AuditReport(
            records=_count(batch, "select count(*) from record"),
            pairs=pairs,
            customers=_count(batch, "select count(distinct customer_id) from label"),
            unfinished=_count(batch, "select count(*) from unfinished"),
        )
        name = _named(connection)
        for kind, query in _LINKS.items():
            _differ(batch, getattr(report, kind), _FINISHED.format(pairs=query), name)
        for kind, actual, expected in _GROUPINGS:
            query = _GROUPS.format(actual=actual, expected=expected)
            _differ(batch, getattr(report, kind), query, name)
        clock.mark("compare")
        report.seconds = clock.seconds
        return report


def keep(connection: Connection, report: AuditReport) -> None:
    """Store what the audit found, for the metrics."""
    audits.add(
        connection,
        report.as_dict(),
        seconds=sum(report.seconds.values()),
        records=report.records,
        differences=report.differences,
    )


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def mark(self, step: str) -> None:
        now = time.monotonic()
        self.seconds[step], self._since = round(now - self._since, 2), now


_TABLES = {
    "link": ("a bigint, b bigint, weight double", "SELECT a, b, weight FROM link"),
    "label": (
        "record_id bigint, component bigint, customer_id uuid",
        "SELECT record_id, component, customer_id FROM label",
    ),
    "unfinished": ("id bigint", UNFINISHED),
    "decided": ("id bigint", DECIDED),
}


def _read(connection: Connection, batch: FileBatch, folder: Path) -> list[Decision]:
    with snapshot_read(connection):
        write_records(connection, folder / "records.jsonl")
        for name, (_, query) in _TABLES.items():
            write_rows(connection, query, folder / name)
        decisions = links.all_decisions(connection)
    batch.read_records(folder / "records.jsonl")
    for name, (columns, _) in _TABLES.items():
        batch.read_table(name, columns, folder / name)
    return decisions


def expect_clusters(
    connection: Connection, batch: FileBatch, decisions: list[Decision]
) -> None:
    """Make table `cluster`: the components, but where a guard or a decision bites."""
    looked_at = [
        row[0]
        for row in batch.rows(
            "select unique_id from component where component in "
            f"({batch.odd_components()}) or component in (select component "
            "from component where unique_id in (select id from decided))"
        )
    ]
    keys = keys_of(connection, looked_at)
    batch.keep_clusters(batch.guarded_clusters(keys, decisions))


_LINKS = {
    "missing_links": "select s.a, s.b from scored s anti join link l using (a, b)",
    "extra_links": "select s.a, s.b from link s anti join scored l using (a, b)",
    "other_weights": "select s.a, s.b from scored s join link l using (a, b) "
    "where s.weight <> l.weight",
}
_FINISHED = (
    "select * from ({pairs}) where a not in (select id from unfinished) "
    "and b not in (select id from unfinished)"
)
_GROUPINGS = (
    ("other_components", "component", "component"),
    ("other_customers", "customer_id", "cluster"),
)
# Two groupings are equal whatever names they give to groups: a record's group is as
# large in both as what both have in common of it.
_GROUPS = """
with every as (
    select coalesce(l.record_id, e.unique_id) as id, l.{actual} as actual,
        e.{expected} as expected, e.unique_id is not null as live,
        u.id is not null as open
    from label l full join expected e on record_id = unique_id
    left join unfinished u on u.id = coalesce(l.record_id, e.unique_id)
), sized as (
    select *, count(*) over (partition by actual, expected) as common,
        count(*) over (partition by actual) as actually,
        count(*) over (partition by expected) as wanted,
        bool_or(open) over (partition by expected) or (actual is not null
            and bool_or(open) over (partition by actual)) as unfinished
    from every
)
select id from sized where live and not unfinished
    and (actual is null or common <> actually or common <> wanted)
"""


def _count(batch: FileBatch, query: str) -> int:
    return int(batch.rows(query)[0][0])


def _named(connection: Connection) -> Callable[[tuple[int, ...]], str]:
    def name(record_ids: tuple[int, ...]) -> str:
        known = keys_of(connection, record_ids)
        return " ".join(str(known.get(one, "?")) for one in record_ids)

    return name


def _differ(
    batch: FileBatch,
    found: Differences,
    query: str,
    name: Callable[[tuple[int, ...]], str],
) -> None:
    found.count = _count(batch, f"select count(*) from ({query})")
    if found.count:
        some = batch.rows(f"select * from ({query}) order by all limit {SHOWN}")
        found.examples = [name(row) for row in some]
