"""What the service has made of the changes so far, measured against the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from service.database.connection.session import Connection


@dataclass(frozen=True, slots=True)
class Matching:
    """Pairs of source records: which share of those linked is right, and found."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of the two."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Counts:
    """Messages that took effect or were set aside, and the customers they made."""

    applied: int
    dead_lettered: int
    golden: int
    unfinished: int


def counts(connection: Connection) -> Counts:
    """Return the counts as they are committed now."""
    row = connection.execute(
        "SELECT coalesce((SELECT sum(next_offset) FROM stream_offset"
        "   WHERE topic LIKE 'couture.source.%'), 0)::bigint,"
        " (SELECT count(*) FROM dead_letter WHERE topic LIKE 'couture.source.%'),"
        " (SELECT count(*) FROM customer"
        "   WHERE retired_into IS NULL AND profile IS NOT NULL),"
        " (SELECT count(*) FROM dirty)"
    ).fetchone()
    assert row is not None
    read, dead_lettered, golden, unfinished = row
    return Counts(read - dead_lettered, dead_lettered, golden, unfinished)


def labels(connection: Connection) -> dict[str, str]:
    """Return the customer id of each live source record, by source key."""
    rows = connection.execute(
        "SELECT r.system || ':' || r.id, l.customer_id::text FROM source_record r"
        " JOIN label l USING (record_id) WHERE NOT r.deleted AND r.position IS NOT NULL"
    )
    return dict(rows.fetchall())


def matching(labelled: Mapping[str, str], truth: Mapping[str, int]) -> Matching:
    """Return pair precision and recall of the records that have arrived."""
    arrived = labelled.keys() & truth.keys()
    linked = _pairs(Counter(labelled[key] for key in arrived))
    true = _pairs(Counter(truth[key] for key in arrived))
    both = _pairs(Counter((labelled[key], truth[key]) for key in arrived))
    return Matching(both / linked if linked else 1.0, both / true if true else 1.0)


def _pairs(sizes: Counter[object]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes.values())
