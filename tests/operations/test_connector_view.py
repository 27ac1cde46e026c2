"""A connector's state in words, as people read it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemas.connector import ConnectorState, ConnectorStatus
from service.database.operations.connector_states import Told
from service.operations.connectors import view

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rows", "of", "rate", "words"),
    [
        (44_400, 120_000, 1_000.0, "snapshot 37 % of 120,000, about 76 s left"),
        (44_400, 120_000, 90.0, "snapshot 37 % of 120,000, about 14 min left"),
        (0, 120_000, 10.0, "snapshot 0 % of 120,000, about 3 h left"),
        (0, 120_000, 0.0, "snapshot 0 % of 120,000"),
        (130_000, 120_000, 10.0, "snapshot 100 % of 120,000"),  # a guess was too low
        (1_200, None, 10.0, "snapshot, 1,200 rows"),
    ],
)
def test_a_snapshot_says_how_far_it_is_and_how_long_it_takes(
    rows: int, of: int | None, rate: float, words: str
) -> None:
    status = ConnectorStatus(
        system="pos",
        connector="debezium-postgresql",
        state=ConnectorState.SNAPSHOT,
        at=NOW,
        since=NOW,
        rows=rows,
        of=of,
        rows_per_s=rate,
    )

    assert view(Told(status, 2.0)).shown == words
    assert view(Told(status, 90.0)).shown == f"silent for 90 s (was {words})"
