"""A model takes over while resolvers stream: none writes with the former."""

from __future__ import annotations

import threading
from typing import cast

import psycopg
import pytest

from matching.clustering.cluster import Verdict
from matching.model.model_version import Model
from matching.scoring.scorer import Scorer
from schemas.change_event import ChangeEvent
from service.database.clusters import model_versions
from service.database.connection.session import Connection, connect
from service.model_versions.promote import promote
from service.model_versions.shadow_run import shadow_run
from service.model_versions.switch import switch
from service.resolver.consumer import SourceConsumer
from service.resolver.micro_batch import Message
from service.resolver.resolve import ActiveModel
from service.resolver.worker import Worker, current_judge, load_judge
from service.settings import Settings
from service.stewardship.decisions import decide
from service.verification.audit import audit
from tests.model_versions.conftest import RECORDS
from tests.model_versions.stored import everything, expected
from tests.resolver.deliveries import (
    CONSUMER,
    Delivery,
    clusters,
    customer,
)


def test_a_resolver_with_the_former_model_cannot_write(
    loaded: Delivery, trained: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, former = loaded.connection, loaded.judge
    promote(connection, trained, most_changed=None)
    before = everything(connection)
    new = customer("pos:new", 1, given_name="Zoé", family_name="Neuve")
    with pytest.raises(model_versions.ModelChanged):
        loaded(new)

    assert everything(connection) == before
    loaded.judge = current_judge(connection, former)
    assert loaded.judge.model.digest == trained.digest
    loaded(new)
    assert frozenset({"pos:new"}) in clusters(connection)

    # the control: without the fence it would
    with monkeypatch.context() as unfenced:
        for fence in ("pin", "check_active"):
            unfenced.setattr(model_versions, fence, lambda *_: None)
        loaded.judge = former
        loaded(customer("pos:late", 1, given_name="Zoé", family_name="Tardive"))
    written_by = connection.execute("SELECT DISTINCT model FROM source_record")
    assert (former.model.digest,) in written_by.fetchall()


def test_what_changed_under_the_shadow_run_is_caught_up_in_the_switch(
    loaded: Delivery, trained: Model, simulated: list[ChangeEvent]
) -> None:
    connection = loaded.connection
    shadow_run(connection, trained)
    first, second, third, fourth = simulated[:4]
    twin = first.after.model_dump(exclude_none=True, exclude_defaults=True)  # type: ignore[union-attr]
    loaded(
        customer(str(second.key), 2),  # deleted
        customer(str(third.key), 2, **twin),  # takes another's identity
        customer("pos:late", 1, **twin),  # comes
    )
    decide(connection, first.key, fourth.key, Verdict.SAME, steward="s")
    switch(
        connection,
        ActiveModel(trained, Scorer(trained)),
        records=RECORDS,
        customers_changed=0,
    )

    assert audit(connection, trained).differences == 0
    assert audit(connection, trained).unfinished == 0
    assert clusters(connection) == expected(connection, trained)
    together = next(one for one in clusters(connection) if "pos:late" in one)
    assert {str(first.key), str(third.key), str(fourth.key)} <= together


def test_a_promotion_while_resolvers_stream_ends_as_the_batch_of_the_new_model(
    database_url: str,
    simulated: list[ChangeEvent],
    trained: Model,
    judges: list[ActiveModel],
) -> None:
    with connect(database_url, autocommit=True) as opened:
        model_versions.activate(opened, judges[0].model)
        Delivery(opened, judges[0])(*simulated[::2])
    failures: list[BaseException] = []
    met: list[int] = []

    def work(share: list[ChangeEvent], judge: ActiveModel) -> None:
        try:
            with connect(database_url, autocommit=True) as own:
                met.append(stream(own, share, judge))
        except BaseException as error:
            failures.append(error)

    systems = sorted({e.key.system for e in simulated})
    threads = [
        threading.Thread(
            target=work, args=([e for e in simulated if e.key.system == one], judge)
        )
        for one, judge in zip(systems, judges, strict=False)
    ]
    for thread in threads:
        thread.start()
    with connect(database_url, autocommit=True) as opened:
        promote(opened, trained, most_changed=None)
        for thread in threads:
            thread.join()
        assert not failures, failures
        Delivery(opened, load_judge(opened))()

        assert sum(met) > 0  # some resolver met the switch and loaded the new model
        report = audit(opened, trained)
        assert (report.differences, report.unfinished) == (0, 0)
        assert clusters(opened) == expected(opened, trained)
        written_by = opened.execute("SELECT DISTINCT model FROM source_record")
        assert written_by.fetchall() == [(trained.digest,)]


def stream(
    connection: Connection, events: list[ChangeEvent], judge: ActiveModel
) -> int:
    """Deliver in small batches until the promotion came and all is delivered."""
    reloads, position = 0, 1
    delivery = Delivery(connection, judge)
    while reloads == 0 or position < 4:
        position += 1
        for start in range(0, len(events), 10):
            batch = [
                event.model_copy(update={"position": (position,)})
                for event in events[start : start + 10]
            ]
            messages = delivery.messages(batch)
            while True:
                try:
                    delivery.fold(messages)
                    break
                except model_versions.ModelChanged:
                    delivery.judge = current_judge(connection, delivery.judge)
                    reloads += 1
                except psycopg.errors.DeadlockDetected:
                    continue
    return reloads


class OneChange:
    """A stream that brings the same messages until they are committed."""

    def __init__(self, delivery: Delivery, *events: ChangeEvent) -> None:
        self.committed = threading.Event()
        self.messages = delivery.messages(events)
        self.expected = dict(delivery.next)
        self.placed = 0

    def poll(self, connection: Connection, *, limit: int) -> list[Message]:
        return self.messages

    def place(self, connection: Connection) -> None:
        self.placed += 1

    def advanced(self, steps: object) -> None:
        self.committed.set()

    def lag(self) -> dict[str, int]:
        return {}


def test_a_worker_that_meets_the_switch_loads_the_model_and_goes_on(
    loaded: Delivery, trained: Model, database_url: str
) -> None:
    promote(loaded.connection, trained, most_changed=None)
    new = customer("pos:new", 1, given_name="Zoé", family_name="Neuve")
    stream = OneChange(loaded, new)
    settings = Settings(database_url=database_url, consumer=CONSUMER)
    worker = Worker(
        settings, loaded.judge, loaded.connection, cast(SourceConsumer, stream)
    )
    worker.work(stream.committed)

    assert stream.placed == 1
    row = loaded.connection.execute(
        "SELECT model FROM source_record WHERE (system, id) = ('pos', 'new')"
    ).fetchone()
    assert row == (trained.digest,)
    assert audit(loaded.connection, trained).differences == 0
