"""Which customer id each cluster bears: a pure function of clusters and anchors.

An id is anchored to a record. A cluster bears the oldest id anchored in it; the others
anchored there retire into it. So a merge keeps the older id, a split keeps it with the
part that holds its anchor, and an undone merge brings the retired id back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from uuid import UUID


class Anchored(NamedTuple):
    """A customer id and the record that carries it."""

    customer_id: UUID
    anchor: int


class Succession(NamedTuple):
    """What becomes of the customer ids."""

    bearer: dict[int, UUID]  # record id -> the id that its cluster bears
    retired: dict[UUID, UUID]  # retired id -> survivor
    anchors: dict[UUID, int]  # every id that lives, retired or not -> its anchor


def succession(
    clusters: Mapping[int, int],
    anchored: Iterable[Anchored],
    *,
    formerly: Mapping[int, UUID],
    fresh: Iterator[UUID],
) -> Succession:
    """Return ids for the clusters (record id -> smallest record id of its cluster).

    `formerly` holds the id that each record's cluster bore before: an id whose anchor
    no source holds any more moves to the oldest record that bore it. `fresh` gives new
    ids in rising order.
    """
    anchors = _moved_anchors(clusters, anchored, formerly)
    oldest: dict[int, UUID] = {}
    for customer_id, anchor in sorted(anchors.items()):
        oldest.setdefault(clusters[anchor], customer_id)
    for label in sorted(set(clusters.values())):
        if label not in oldest:
            oldest[label] = next(fresh)
            anchors[oldest[label]] = label
    retired = {
        customer_id: oldest[clusters[anchor]]
        for customer_id, anchor in anchors.items()
        if oldest[clusters[anchor]] != customer_id
    }
    bearer = {record_id: oldest[label] for record_id, label in clusters.items()}
    return Succession(bearer, retired, anchors)


def _moved_anchors(
    clusters: Mapping[int, int],
    anchored: Iterable[Anchored],
    formerly: Mapping[int, UUID],
) -> dict[UUID, int]:
    heirs: dict[UUID, int] = {}
    for record_id in sorted(clusters, reverse=True):
        if record_id in formerly:
            heirs[formerly[record_id]] = record_id
    anchors: dict[UUID, int] = {}
    for customer_id, anchor in anchored:
        if anchor in clusters:
            anchors[customer_id] = anchor
        elif customer_id in heirs:
            anchors[customer_id] = heirs[customer_id]
    return anchors
