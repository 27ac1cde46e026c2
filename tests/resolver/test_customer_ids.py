"""Customer ids outlive merges and splits: the succession contract, as properties."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from service.resolver.customer_ids import Anchored, Succession, succession


def ids() -> Iterator[UUID]:
    return (UUID(int=number) for number in itertools.count(1_000))


def heirs(
    clusters: dict[int, int],
    anchored: dict[int, int],
    formerly: dict[int, int] | None = None,
) -> Succession:
    return succession(
        clusters,
        [Anchored(UUID(int=id_), anchor) for id_, anchor in anchored.items()],
        formerly={r: UUID(int=id_) for r, id_ in (formerly or {}).items()},
        fresh=ids(),
    )


def test_a_new_cluster_gets_a_fresh_id_anchored_at_its_oldest_record() -> None:
    found = heirs({3: 3, 4: 3}, {})

    assert found.bearer == {3: UUID(int=1_000), 4: UUID(int=1_000)}
    assert found.anchors == {UUID(int=1_000): 3}


def test_in_a_merge_the_older_id_survives_and_the_other_retires() -> None:
    found = heirs({1: 1, 2: 1}, {10: 1, 20: 2})

    assert set(found.bearer.values()) == {UUID(int=10)}
    assert found.retired == {UUID(int=20): UUID(int=10)}


def test_an_undone_merge_brings_the_retired_id_back() -> None:
    found = heirs({1: 1, 2: 2}, {10: 1, 20: 2}, formerly={1: 10, 2: 10})

    assert found.bearer == {1: UUID(int=10), 2: UUID(int=20)}
    assert found.retired == {}


def test_an_id_whose_anchor_is_gone_moves_to_the_oldest_record_that_bore_it() -> None:
    found = heirs({2: 2, 3: 2}, {10: 1}, formerly={1: 10, 2: 10, 3: 10})

    assert found.bearer == {2: UUID(int=10), 3: UUID(int=10)}
    assert found.anchors == {UUID(int=10): 2}


def test_ids_of_customers_without_any_record_are_left_alone() -> None:
    found = heirs({}, {10: 1}, formerly={1: 10})

    assert found == Succession({}, {}, {})


partitions = st.lists(st.integers(1, 6), min_size=6, max_size=6).map(
    lambda groups: {
        record: min(r for r, g in enumerate(groups, 1) if g == group)
        for record, group in enumerate(groups, 1)
    }
)


@given(st.lists(partitions, min_size=2, max_size=6))
def test_any_history_that_returns_to_a_partition_returns_to_its_ids(
    history: list[dict[int, int]],
) -> None:
    fresh = ids()
    anchors: dict[UUID, int] = {}
    formerly: dict[int, UUID] = {}
    singles = {record: record for record in range(1, 7)}
    seen: dict[tuple[int, ...], dict[int, UUID]] = {}
    for clusters in [singles, *history, *history]:
        found = succession(
            clusters,
            [Anchored(id_, anchor) for id_, anchor in anchors.items()],
            formerly=formerly,
            fresh=fresh,
        )
        anchors, formerly = dict(found.anchors), dict(found.bearer)
        assert len(set(formerly.values())) == len(set(clusters.values()))
        known = seen.setdefault(tuple(clusters.values()), formerly)
        assert known == formerly
