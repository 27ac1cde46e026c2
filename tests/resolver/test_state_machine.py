"""Stream equals batch, whatever the history; twins without a safeguard do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from service.database.clusters import links
from service.database.connection.session import Connection, connect
from service.local.servers import EmbeddedPostgres
from service.resolver import resolve as story
from service.resolver.store import Published
from service.resolver.worker import load_judge
from tests.faults.scale import FULL, scaled
from tests.resolver.people import SAID
from tests.resolver.splink_reference import Said
from tests.resolver.state_machine import WORKERS, Histories, Races
from tests.resolver.stepped_workers import SteppedWorkers, seam, seamed, seams
from tests.resolver.test_histories import emptied

EXAMPLES = scaled(30, 300)
"""Histories: the same few each time, or in `make faults` others at each run."""

in_ci = settings(
    max_examples=EXAMPLES,
    stateful_step_count=25,
    derandomize=not FULL,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def histories(postgres: EmbeddedPostgres) -> Iterator[type[Histories]]:
    """The machine on a database, with workers that stand ready."""
    emptied(postgres, "histories").close()
    url = postgres.url("histories")
    stage = SteppedWorkers(url, WORKERS + 1)
    with connect(url, autocommit=True) as connection:
        judge = load_judge(connection)

        class OnStage(Histories):
            pass

        OnStage.stage, OnStage.connection = stage, connection
        OnStage.judge, OnStage.said = seamed(judge), Said(judge.model, SAID)
        with seams():
            yield OnStage
    stage.close()


def races(histories: type[Histories]) -> type[Histories]:
    """The same on the same stage, with nothing but races."""
    return type("OnlyRaces", (Races, histories), {})


def test_any_history_ends_as_splinks_batch(histories: type[Histories]) -> None:
    run_state_machine_as_test(histories, settings=in_ci)


def found_within(histories: type[Histories], examples: int) -> bool:
    """Say whether one of so many histories ends otherwise than Splink's batch."""
    bounded = settings(in_ci, max_examples=examples, phases=[Phase.generate])
    try:
        run_state_machine_as_test(histories, settings=bounded)
    except Exception:
        return True
    return False


def test_a_twin_that_looks_for_candidates_before_its_keys_are_committed_is_caught(
    histories: type[Histories], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, find, judge = story.publish, story.score_candidates, histories.judge

    def in_one_transaction(connection: Connection, *args: Any, **kw: Any) -> Published:
        published = publish(connection, *args, **kw)
        find(connection, published.record_ids, model=judge.model, scorer=judge.scorer)
        return published

    monkeypatch.setattr(story, "publish", in_one_transaction)

    assert found_within(races(histories), 60)


def test_a_twin_that_clusters_outside_the_lock_is_caught(
    histories: type[Histories], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story.labels, "lock", lambda _: None)

    assert found_within(races(histories), 60)


def dropping_what_is(comparison: str) -> Callable[[Connection, Sequence[int]], None]:
    """Drop links by versions read before a seam, as a statement that then waits."""

    def drop_stale(connection: Connection, record_ids: Sequence[int]) -> None:
        versions = connection.execute(
            "SELECT record_id, version, record IS NULL FROM source_record"
        ).fetchall()
        seam()
        connection.execute(
            "CREATE TEMP TABLE IF NOT EXISTS as_read (id bigint, v bigint, gone bool)"
        )
        connection.execute("DELETE FROM as_read")
        connection.cursor().executemany(
            "INSERT INTO as_read VALUES (%s, %s, %s)", versions
        )
        connection.execute(
            "DELETE FROM link l USING as_read ra, as_read rb"
            " WHERE l.a = ra.id AND l.b = rb.id"
            "   AND (l.a = ANY(%s::bigint[]) OR l.b = ANY(%s::bigint[]))"
            f"  AND (l.version_a {comparison} ra.v OR l.version_b {comparison} rb.v"
            "     OR ra.gone OR rb.gone)".encode(),
            [list(record_ids)] * 2,
        )

    return drop_stale


def relabel_overtaken(histories: type[Histories]) -> None:
    """One worker reads versions, another scores a newer, the first drops."""
    history = histories()
    history.start(2)
    try:
        history.say([("pos:1", 0), ("shop:1", 0)])
        history.compare()
        first, second = history.workers
        history.say([("shop:1", 1)])
        history.stage.begin(first, history._batch(["shop"], 9))
        history._step(first, 8)  # in relabel, versions read
        history.say([("pos:1", 2)])
        history.stage.begin(second, history._batch(["pos"], 9))
        history._step(second, 5)  # its newer link is committed
        history.compare()
    finally:
        history.stage.clear()


def test_a_twin_that_drops_links_of_other_versions_not_only_older_is_caught(
    histories: type[Histories], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "drop_stale", dropping_what_is("<"))
    relabel_overtaken(histories)
    monkeypatch.setattr(links, "drop_stale", dropping_what_is("<>"))

    with pytest.raises(AssertionError):
        relabel_overtaken(histories)


def test_races_without_a_twin_find_nothing(histories: type[Histories]) -> None:
    assert not found_within(races(histories), 10)
