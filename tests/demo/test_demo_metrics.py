"""The demo's figures: pairs against the truth, and what counts as a difference."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from service.demo.run.metrics import matching
from service.demo.run.reconcile import differs


def test_precision_and_recall_count_pairs_of_records() -> None:
    truth = {"pos:1": 1, "pos:2": 1, "pos:3": 1, "pos:4": 2, "desk:9": 3}
    labels = {"pos:1": "a", "pos:2": "a", "pos:3": "b", "pos:4": "b"}
    judged = matching(labels, truth)
    assert (judged.precision, judged.recall) == (1 / 2, 1 / 3)
    assert judged.f1 == pytest.approx(0.4)


def test_nobody_linked_and_nobody_to_link_is_no_error() -> None:
    assert matching({"pos:1": "a"}, {"pos:1": 1}).f1 == 1.0


@pytest.mark.parametrize(
    ("value", "raw", "different"),
    [
        ("Zoé", "Zoé", False),
        ("Zoé", "Zoe", True),
        (None, None, False),
        (None, "x", True),
        ("x", None, True),
        (7, 8, True),
        (date(2026, 1, 2), 20455, False),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00.000000Z", False),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:01Z", True),
    ],
)
def test_only_what_surely_differs_is_a_difference(
    value: object, raw: object, different: bool
) -> None:
    assert differs(value, raw) is different
