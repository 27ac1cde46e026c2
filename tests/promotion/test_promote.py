"""A model takes over while the stream goes on, and gives back what it took."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import cast
from uuid import UUID

import psycopg
import pytest

from matching.bands import Bands
from matching.batch import resolve_batch
from matching.clustering import Link, Verdict
from matching.guards import cluster_by
from matching.model import Model
from matching.normalise import normalise
from matching.score import Scorer
from matching.train import train_features
from schemas.change_event import ChangeEvent, CustomerChange
from schemas.source_key import SourceKey
from service.audit import audit
from service.database import links, models
from service.database.session import Connection, connect
from service.demo.people import population, records
from service.promotion.promote import (
    AlreadyActive,
    LoadUnfinished,
    TooManyChanged,
    promote,
)
from service.promotion.records import live_ids, standardised
from service.promotion.shadow import shadow_run
from service.promotion.switch import switch
from service.resolver.batch import Message
from service.resolver.resolve import Judge
from service.resolver.stream import SourceStream
from service.resolver.worker import Worker, current_judge, load_judge
from service.settings import Settings
from service.stewardship import decide
from tests.resolver.deliveries import (
    CONSUMER,
    Delivery,
    clusters,
    customer,
    movement,
)

RECORDS = 160
WORKERS = 2


@pytest.fixture(scope="module")
def simulated() -> list[ChangeEvent]:
    everyone = records(population(RECORDS // 2, seed=5), 5)
    return [
        customer(str(SourceKey(one.system, one.id)), 1, **dict(one.record))
        for one, _ in zip(everyone, range(RECORDS), strict=False)
    ]


@pytest.fixture(scope="module")
def trained(simulated: list[ChangeEvent]) -> Model:
    """A model that these records taught, made to join and to split."""
    known = [e.after for e in simulated if isinstance(e, CustomerChange) and e.after]
    model = train_features([normalise(record) for record in known])
    return replace(model, bands=Bands(review=0.2, match=0.999999))


@pytest.fixture(scope="module")
def judges() -> list[Judge]:
    """A judge with the shipped model for each worker."""
    model = Model.load()
    return [Judge(model, Scorer(model)) for _ in range(WORKERS)]


@pytest.fixture
def loaded(
    connection: Connection, simulated: list[ChangeEvent], judges: list[Judge]
) -> Delivery:
    """A database in which the shipped model resolved the records."""
    models.activate(connection, judges[0].model)
    delivery = Delivery(connection, judges[0])
    delivery(*simulated)
    delivery(*(movement(f"club:{i}", str(e.key), 10) for i, e in enumerate(simulated)))
    return delivery


def ids(connection: Connection) -> dict[int, UUID]:
    rows = connection.execute("SELECT record_id, customer_id FROM label")
    return dict(rows.fetchall())


def expected(connection: Connection, model: Model) -> set[frozenset[str]]:
    """Return the clusters of one batch of the model over what is stored now."""
    now = {
        one.record_id: one
        for chunk in standardised(connection, live_ids(connection))
        for one in chunk
    }
    features = {r: model.freeze(one.normalised) for r, one in now.items()}
    found = [
        Link(p.a, p.b, p.weight, p.probability)
        for p in resolve_batch(model, features).pairs
    ]
    keys = {r: one.key for r, one in now.items()}
    said = links.all_decisions(connection)
    labels = cluster_by(model, features, found, said, keys=keys).cluster
    return {
        frozenset(str(keys[r]) for r in labels if labels[r] == label)
        for label in set(labels.values())
    }


def everything(connection: Connection) -> list[tuple[object, ...]]:
    rows = connection.execute(
        "SELECT record_id, version, features, blocking_keys, model, customer_id"
        " FROM source_record LEFT JOIN label USING (record_id) ORDER BY record_id"
    )
    return rows.fetchall()


def test_the_clusters_become_those_of_the_new_model_and_come_back_with_their_ids(
    loaded: Delivery, trained: Model
) -> None:
    connection = loaded.connection
    former_ids, former = ids(connection), clusters(connection)
    done = promote(connection, trained, most_changed=None)

    assert done.difference.clusters.changed > 0
    assert clusters(connection) == expected(connection, trained) != former
    assert audit(connection, trained).differences == 0
    stayed = {r for r, one in ids(connection).items() if one == former_ids[r]}
    assert len(stayed) > RECORDS / 2
    assert done.written is not None
    assert done.written >= done.difference.clusters.changed

    back = promote(connection, models.previous(connection), most_changed=None)

    assert ids(connection) == former_ids
    assert clusters(connection) == former
    assert audit(connection, load_judge(connection).model).differences == 0
    assert back.digest == done.replaced
    assert [one.active for one in models.versions(connection)] == [True, False]
    assert len(models.promotions(connection)) == 3


def test_a_dry_run_tells_what_would_happen_and_writes_nothing(
    loaded: Delivery, trained: Model
) -> None:
    before = everything(loaded.connection)
    told = promote(loaded.connection, trained, dry_run=True)
    found = told.as_dict()["difference"]

    assert everything(loaded.connection) == before
    assert models.active_digest(loaded.connection) == told.replaced
    assert found["customer_ids"]["changed"] == found["clusters_changed"] > 0
    assert int(float(found["points_touched"]["club points"])) >= 10
    assert found["splits"] + found["joins"] + found["regroups"] == len(
        told.difference.clusters.regroupings
    )

    done = promote(loaded.connection, trained, most_changed=None)
    now = ids(loaded.connection)
    born = set(now.values()) - {row[5] for row in before}
    assert len(born) == found["customer_ids"]["fresh"]
    assert done.difference.as_dict() == found


def test_a_model_that_changes_more_than_the_guard_allows_is_refused(
    loaded: Delivery, trained: Model
) -> None:
    before = everything(loaded.connection)
    with pytest.raises(TooManyChanged, match=r"0\.1%"):
        promote(loaded.connection, trained, most_changed=0.001)
    with pytest.raises(AlreadyActive):
        promote(loaded.connection, Model.load())

    assert everything(loaded.connection) == before


def test_a_resolver_with_the_former_model_cannot_write(
    loaded: Delivery, trained: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, former = loaded.connection, loaded.judge
    promote(connection, trained, most_changed=None)
    before = everything(connection)
    new = customer("pos:new", 1, given_name="Zoé", family_name="Neuve")
    with pytest.raises(models.ModelChanged):
        loaded(new)

    assert everything(connection) == before
    loaded.judge = current_judge(connection, former)
    assert loaded.judge.model.digest == trained.digest
    loaded(new)
    assert frozenset({"pos:new"}) in clusters(connection)

    # the control: without the fence it would
    with monkeypatch.context() as unfenced:
        for fence in ("hold", "require"):
            unfenced.setattr(models, fence, lambda *_: None)
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
        Judge(trained, Scorer(trained)),
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
    judges: list[Judge],
) -> None:
    with connect(database_url, autocommit=True) as opened:
        models.activate(opened, judges[0].model)
        Delivery(opened, judges[0])(*simulated[::2])
    failures: list[BaseException] = []
    met: list[int] = []

    def work(share: list[ChangeEvent], judge: Judge) -> None:
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


def stream(connection: Connection, events: list[ChangeEvent], judge: Judge) -> int:
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
                except models.ModelChanged:
                    delivery.judge = current_judge(connection, delivery.judge)
                    reloads += 1
                except psycopg.errors.DeadlockDetected:
                    continue
    return reloads


def test_a_database_without_records_takes_any_model(
    connection: Connection, judges: list[Judge], trained: Model
) -> None:
    models.activate(connection, judges[0].model)
    done = promote(connection, trained)

    assert (done.records, done.written) == (0, 0)
    assert models.active_digest(connection) == trained.digest


def test_an_unfinished_bulk_load_keeps_a_promotion_waiting(
    loaded: Delivery, trained: Model
) -> None:
    loaded.connection.execute(
        "INSERT INTO bulk_load (system, digest, first_record_id) VALUES ('s', 'd', 9)"
    )
    with pytest.raises(LoadUnfinished):
        promote(loaded.connection, trained, most_changed=None)
    loaded.connection.execute("UPDATE bulk_load SET finished_at = now()")
    promote(loaded.connection, trained, most_changed=None)


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


def test_a_worker_that_meets_the_switch_loads_the_model_and_goes_on(
    loaded: Delivery, trained: Model, database_url: str
) -> None:
    promote(loaded.connection, trained, most_changed=None)
    new = customer("pos:new", 1, given_name="Zoé", family_name="Neuve")
    stream = OneChange(loaded, new)
    settings = Settings(database_url=database_url, consumer=CONSUMER)
    worker = Worker(
        settings, loaded.judge, loaded.connection, cast(SourceStream, stream)
    )
    worker.work(stream.committed)

    assert stream.placed == 1
    row = loaded.connection.execute(
        "SELECT model FROM source_record WHERE (system, id) = ('pos', 'new')"
    ).fetchone()
    assert row == (trained.digest,)
    assert audit(loaded.connection, trained).differences == 0


def test_two_workers_that_start_at_once_make_no_former_model(
    connection: Connection, judges: list[Judge]
) -> None:
    for judge in judges:
        models.activate(connection, judge.model)
    assert len(models.promotions(connection)) == 1
    with pytest.raises(models.UnknownModel):
        models.previous(connection)
