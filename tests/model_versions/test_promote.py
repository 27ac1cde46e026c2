"""A model takes over with ids kept, and gives back what it took."""

from __future__ import annotations

import pytest

from matching.model.model_version import Model
from service.database.clusters import model_versions
from service.database.connection.session import Connection
from service.model_versions.promote import (
    AlreadyActive,
    LoadUnfinished,
    TooManyChanged,
    promote,
)
from service.resolver.resolve import ActiveModel
from service.resolver.worker import load_judge
from service.verification.audit import audit
from tests.model_versions.conftest import RECORDS
from tests.model_versions.stored import everything, expected, ids
from tests.resolver.deliveries import (
    Delivery,
    clusters,
)


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

    back = promote(connection, model_versions.previous(connection), most_changed=None)

    assert ids(connection) == former_ids
    assert clusters(connection) == former
    assert audit(connection, load_judge(connection).model).differences == 0
    assert back.digest == done.replaced
    assert [one.active for one in model_versions.versions(connection)] == [True, False]
    assert len(model_versions.promotions(connection)) == 3


def test_a_dry_run_tells_what_would_happen_and_writes_nothing(
    loaded: Delivery, trained: Model
) -> None:
    before = everything(loaded.connection)
    told = promote(loaded.connection, trained, dry_run=True)
    found = told.as_dict()["difference"]

    assert everything(loaded.connection) == before
    assert model_versions.active_digest(loaded.connection) == told.replaced
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


def test_a_database_without_records_takes_any_model(
    connection: Connection, judges: list[ActiveModel], trained: Model
) -> None:
    model_versions.activate(connection, judges[0].model)
    done = promote(connection, trained)

    assert (done.records, done.written) == (0, 0)
    assert model_versions.active_digest(connection) == trained.digest


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


def test_two_workers_that_start_at_once_make_no_former_model(
    connection: Connection, judges: list[ActiveModel]
) -> None:
    for judge in judges:
        model_versions.activate(connection, judge.model)
    assert len(model_versions.promotions(connection)) == 1
    with pytest.raises(model_versions.UnknownModel):
        model_versions.previous(connection)
