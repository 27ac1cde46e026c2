"""What joins, splits, stays and regroups from one labelling to another."""

from __future__ import annotations

from matching.evaluation.cluster_difference import Kind, compare_clusters

BEFORE = {1: "a", 2: "a", 3: "b", 4: "c", 5: "c", 6: "d", 7: "e", 8: "e", 9: "f"}
AFTER = {1: 1, 2: 1, 3: 3, 4: 3, 5: 3, 6: 6, 7: 7, 8: 8, 9: 8}


def test_a_hand_made_case_is_counted_by_hand() -> None:
    found = compare_clusters(BEFORE, AFTER)

    assert (found.before, found.after) == (6, 5)
    assert found.stay == 2  # {1, 2} and {6}
    assert found.changed == 4
    assert found.share_changed == 4 / 6
    assert [(one.kind, one.before, one.after) for one in found.regroupings] == [
        (Kind.JOIN, [{3}, {4, 5}], [{3, 4, 5}]),
        (Kind.REGROUP, [{7, 8}, {9}], [{7}, {8, 9}]),
    ]
    assert (found.pairs_gained, found.pairs_lost) == (3, 1)  # 3-4, 3-5, 8-9; 7-8


def test_back_again_joins_are_splits_and_gains_are_losses() -> None:
    found = compare_clusters(AFTER, BEFORE)

    assert [one.kind for one in found.regroupings] == [Kind.SPLIT, Kind.REGROUP]
    assert (found.pairs_gained, found.pairs_lost) == (1, 3)


def test_names_of_clusters_and_records_known_to_one_side_alone_do_not_count() -> None:
    found = compare_clusters(BEFORE | {10: "x"}, {r: n + 100 for r, n in AFTER.items()})

    assert found == compare_clusters(BEFORE, AFTER)
    assert compare_clusters(BEFORE, BEFORE).regroupings == []
