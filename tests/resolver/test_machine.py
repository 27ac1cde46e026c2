"""Stream equals batch, whatever the history; twins without a safeguard do not."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from service.database.session import connect
from service.embedded import EmbeddedPostgres
from service.resolver.worker import load_judge
from tests.resolver.actors import Stage, seamed, seams
from tests.resolver.machine import WORKERS, Histories
from tests.resolver.people import SAID
from tests.resolver.splinks_batch import Said
from tests.resolver.test_histories import emptied

EXAMPLES = int(os.environ.get("COUTURE_TEST_HISTORIES", "0"))
"""More of them, and others at each run: `make prove`. Else the same few each time."""

in_ci = settings(
    max_examples=EXAMPLES or 60,
    stateful_step_count=40,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def histories(postgres: EmbeddedPostgres) -> Iterator[type[Histories]]:
    """The machine on a database, with workers that stand ready."""
    emptied(postgres, "histories").close()
    url = postgres.url("histories")
    stage = Stage(url, WORKERS + 1)
    with connect(url, autocommit=True) as connection:
        judge = load_judge(connection)

        class OnStage(Histories):
            pass

        OnStage.stage, OnStage.connection = stage, connection
        OnStage.judge, OnStage.said = seamed(judge), Said(judge.model, SAID)
        with seams():
            yield OnStage
    stage.close()


def test_any_history_ends_as_splinks_batch(histories: type[Histories]) -> None:
    run_state_machine_as_test(histories, settings=in_ci)
