"""An audit finds what is wrong, names it, leaves all as it is, and shows in metrics."""

from __future__ import annotations

from pathlib import Path

import pytest

from matching.model.model_version import Model
from matching.scoring.scorer import Scorer
from service.bulk_load.load import load
from service.bulk_load.progress import Lines
from service.bulk_load.source import checked
from service.database.clusters import model_versions
from service.database.connection.session import Connection
from service.database.verification import audits
from service.resolver.resolve import ActiveModel
from service.verification.audit import audit, keep
from tests.bulk_load.files import mapping_file, rows_of, state, write_csv
from tests.matching.people import crowd


@pytest.fixture
def loaded(connection: Connection, database_url: str, tmp_path: Path) -> Model:
    """A database with two hundred records, and the model that decides."""
    model = Model.load()
    model_versions.activate(connection, model)
    file = write_csv(tmp_path / "p.csv", rows_of(crowd(200, seed=11)))
    source = checked(file, system="shop", mapping=mapping_file(tmp_path))
    load(
        database_url, source, judge=ActiveModel(model, Scorer(model)), progress=Lines()
    )
    return model


def test_every_kind_of_difference_is_counted_and_named(
    connection: Connection, loaded: Model
) -> None:
    assert audit(connection, loaded).differences == 0
    rows = connection.execute(
        "SELECT a, b FROM link WHERE probability >= 0.999 ORDER BY a, b LIMIT 3"
    ).fetchall()
    gone, heavier, alone = rows
    connection.execute("DELETE FROM link WHERE (a, b) = (%s, %s)", gone)
    connection.execute(
        "UPDATE link SET weight = weight + 1e-12 WHERE (a, b) = (%s, %s)", heavier
    )
    connection.execute(
        "INSERT INTO link (a, b, version_a, version_b, weight, probability, evidence,"
        " model) SELECT min(record_id), max(record_id), 1, 1, 9, 1, '{}', ''"
        " FROM source_record"
    )
    connection.execute(
        "UPDATE label SET customer_id = uuidv7(), component = 0 WHERE record_id = %s",
        [alone[0]],
    )

    found = audit(connection, loaded)

    assert found.missing_links.count == found.other_weights.count == 1
    assert found.extra_links.examples == ["shop:P000000 shop:P000199"]
    assert found.other_customers.count >= 2
    assert found.other_components.count >= 2
    names = connection.execute(
        "SELECT 'shop:' || id FROM source_record WHERE record_id = ANY(%s)"
        " ORDER BY record_id",
        [list(gone)],
    ).fetchall()
    assert found.missing_links.examples == [" ".join(name[0] for name in names)]


def test_what_is_being_resolved_is_left_out(
    connection: Connection, loaded: Model
) -> None:
    row = connection.execute("SELECT a, b FROM link LIMIT 1").fetchone()
    assert row
    connection.execute("DELETE FROM link WHERE (a, b) = (%s, %s)", row)
    assert audit(connection, loaded).differences == 1
    connection.execute(
        "INSERT INTO dirty (record_id, mark, scored)"
        " VALUES (%s, nextval('dirty_mark'), false)",
        [row[0]],
    )

    found = audit(connection, loaded)

    assert (found.differences, found.unfinished) == (0, 1)


def test_an_audit_changes_nothing_but_what_it_tells(
    connection: Connection, loaded: Model
) -> None:
    before = state(connection)
    connection.execute("UPDATE model_version SET active = false")

    keep(connection, audit(connection, loaded))

    connection.execute("UPDATE model_version SET active = true")
    assert state(connection) == before
    newest = audits.newest(connection)
    assert newest
    assert (newest.records, newest.differences) == (200, 0)
