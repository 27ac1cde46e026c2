"""A bulk load leaves what the stream would have left, and the stream goes on."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from matching.model.model_version import Model
from matching.scoring.scorer import Scorer
from service.bulk_load.load import LoadReport, load
from service.bulk_load.progress import Lines
from service.bulk_load.source import checked
from service.database.clusters import model_versions
from service.database.connection.session import Connection, connect
from service.resolver.resolve import ActiveModel
from service.verification.audit import audit
from tests.bulk_load.files import (
    changes_of,
    mapping_file,
    rows_of,
    state,
    streamed_state,
    write_csv,
)
from tests.matching.people import crowd, person
from tests.resolver.deliveries import Delivery, customer


@pytest.fixture
def bulk(database_url: str, tmp_path: Path, judge: ActiveModel) -> Any:
    """Load rows at once."""

    def bulk_load(
        rows: list[dict[str, str]],
        *,
        system: str = "shop",
        part_rows: int = 5_000,
        judge: ActiveModel = judge,
    ) -> LoadReport:
        file = write_csv(tmp_path / f"{system}.csv", rows)
        mapping = mapping_file(tmp_path)
        with connect(database_url, autocommit=True) as connection:
            model_versions.activate(connection, judge.model)
        source = checked(file, system=system, mapping=mapping, part_rows=part_rows)
        return load(database_url, source, judge=judge, progress=Lines())

    return bulk_load


def streamed(
    postgres: Any, rows: list[dict[str, str]], tmp_path: Path, judge: ActiveModel
) -> Any:
    """Return the state after the stream brought the same rows."""
    events = changes_of(rows, mapping_file(tmp_path), system="shop")
    return streamed_state(postgres, events, judge)


def test_a_bulk_load_leaves_what_the_stream_leaves(
    bulk: Any, connection: Connection, postgres: Any, tmp_path: Path, judge: ActiveModel
) -> None:
    rows = rows_of(crowd(600, seed=3))

    report = bulk(rows)

    assert (report.records, report.rejects) == (600, 0)
    loaded, wanted = state(connection), streamed(postgres, rows, tmp_path, judge)
    assert len(wanted["links"]) > 200
    for name, values in wanted.items():
        if name != "history":  # the stream told of some customers more than once
            assert loaded[name] == values, name
    assert len(loaded["history"]) == 1


def test_the_stream_goes_on_on_top_of_a_load(
    bulk: Any, connection: Connection, judge: ActiveModel
) -> None:
    rows = rows_of(crowd(300, seed=4))
    bulk(rows, part_rows=50)
    deliver = Delivery(connection, judge)
    other = rows[7]

    deliver(customer("shop:P000003", 1), customer("shop:P000005", 1))
    deliver(
        customer(
            "shop:P000009",
            2,
            given_name=other["given_name"] or "Jean",
            family_name=other["family_name"],
            emails=["someone.new@poste.fr"],
            phones=["0612345699"],
        ),
        customer("web:1", 1, given_name="Zoé", emails=["someone.new@poste.fr"]),
    )

    assert audit(connection, judge.model).differences == 0
    tombstones = connection.execute("SELECT count(*) FROM source_record WHERE deleted")
    assert tombstones.fetchone() == (2,)


def test_a_second_load_of_the_same_file_changes_nothing(
    bulk: Any, connection: Connection
) -> None:
    rows = rows_of(crowd(100, seed=5))
    bulk(rows)
    before = state(connection)

    assert bulk(rows).already

    assert state(connection) == before


def test_a_load_joins_the_customers_that_are_there_and_keeps_their_ids(
    bulk: Any, connection: Connection, judge: ActiveModel
) -> None:
    people = crowd(400, seed=6)
    bulk(rows_of(people[:200]), system="till")
    anchored = "SELECT customer_id, anchor FROM customer"
    before = connection.execute(anchored).fetchall()

    bulk(rows_of(people[200:]), system="shop", part_rows=60)

    assert audit(connection, judge.model).differences == 0
    bears = dict(
        connection.execute("SELECT record_id, customer_id FROM label").fetchall()
    )
    retired = dict(
        connection.execute("SELECT customer_id, retired_into FROM customer").fetchall()
    )
    for customer_id, anchor in before:
        assert bears[anchor] == (retired[customer_id] or customer_id)
    joined = connection.execute(
        "SELECT count(*) FROM (SELECT customer_id FROM label JOIN source_record"
        " USING (record_id) GROUP BY 1 HAVING count(DISTINCT system) = 2) AS joined"
    ).fetchone()
    assert joined
    assert joined[0] > 50


def test_contacts_that_are_loaded_go_to_the_customers_that_are_there(
    bulk: Any, connection: Connection, judge: ActiveModel
) -> None:
    people = crowd(100, seed=6)
    reached = [one.emails[:1] for one in people if one.emails][:20]
    tickets = [person(emails=emails, addresses=[{}]) for emails in reached]
    bulk(rows_of(people), system="till")

    bulk(rows_of(tickets), system="desk")

    assert audit(connection, judge.model).differences == 0
    rows = connection.execute(
        "SELECT count(*), (SELECT count(*) FROM contact_key t WHERE kind = 'email'"
        "   AND t.value = k.value AND t.customer_id <> k.customer_id)"
        " FROM contact_key k JOIN label USING (customer_id) JOIN source_record"
        "   USING (record_id) WHERE kind = 'email' AND customer_id IN (SELECT"
        "   customer_id FROM label JOIN source_record USING (record_id)"
        "   WHERE system = 'desk') GROUP BY k.value, k.customer_id"
    ).fetchall()
    assert len(rows) > 5
    # alone stands only what another customer holds, too
    assert all(records > 1 or elsewhere for records, elsewhere in rows)


def test_a_corrected_file_supersedes_what_was_loaded(
    bulk: Any, connection: Connection, judge: ActiveModel
) -> None:
    rows = rows_of(crowd(120, seed=7))
    bulk(rows)
    rows[4]["email"] = "corrected@poste.fr"

    report = bulk(rows)

    assert not report.already
    assert audit(connection, judge.model).differences == 0
    found = connection.execute(
        "SELECT count(*) FROM contact_key WHERE value = 'corrected@poste.fr'"
    ).fetchone()
    assert found == (1,)


def test_decisions_bind_a_load(
    bulk: Any, connection: Connection, judge: ActiveModel
) -> None:
    people = crowd(200, seed=8)
    bulk(rows_of(people[:100]), system="till")
    for n in range(30):
        connection.execute(
            "INSERT INTO decision (system_a, id_a, system_b, id_b, verdict, steward)"
            " VALUES ('till', %s, 'shop', %s, %s, 'me')",
            [f"P{n:06d}", f"P{n:06d}", "different" if n % 2 else "same"],
        )

    bulk(rows_of(people[100:]), system="shop")

    assert audit(connection, judge.model).differences == 0
    together = connection.execute(
        "SELECT x.id::text, l.customer_id = m.customer_id FROM source_record x"
        " JOIN source_record y USING (id) JOIN label l ON l.record_id = x.record_id"
        " JOIN label m ON m.record_id = y.record_id"
        " WHERE x.system = 'till' AND y.system = 'shop' AND x.id < 'P000030'"
    ).fetchall()
    assert len(together) == 30
    assert all(one == (int(id_[1:]) % 2 == 0) for id_, one in together)


def test_a_block_that_a_load_crowds_finds_nobody_any_more(
    bulk: Any, connection: Connection, judge: ActiveModel
) -> None:
    guards = replace(judge.model.guards, largest_block=4)
    model = replace(judge.model, guards=guards)
    few = ActiveModel(model, Scorer(model))
    people = crowd(160, seed=10)
    bulk(rows_of(people[:80]), system="till", judge=few)

    bulk(rows_of(people[80:]), system="shop", judge=few)

    suspended = connection.execute("SELECT count(*) FROM suspended_key").fetchone()
    assert suspended
    assert suspended[0] > 5
    assert audit(connection, model).differences == 0


def _load_in_a_process(url: str, file: Path, mapping: Path) -> None:
    model = Model.load()
    source = checked(file, system="shop", mapping=mapping, part_rows=40)
    load(url, source, judge=ActiveModel(model, Scorer(model)), progress=Lines())


@pytest.mark.parametrize(
    "moment",
    [
        "SELECT 1 FROM bulk_load_part HAVING count(*) BETWEEN 2 AND 10",
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 1131378036"
        " HAVING count(*) > 0",
    ],
    ids=["storing", "writing customers"],
)
def test_a_killed_load_goes_on_when_it_is_started_again(
    moment: str,
    bulk: Any,
    connection: Connection,
    database_url: str,
    tmp_path: Path,
    judge: ActiveModel,
) -> None:
    rows = rows_of(crowd(400, seed=9))
    model_versions.activate(connection, judge.model)
    file, mapping = write_csv(tmp_path / "shop.csv", rows), mapping_file(tmp_path)
    loading = multiprocessing.get_context("spawn").Process(
        target=_load_in_a_process, args=(database_url, file, mapping)
    )
    loading.start()
    assert loading.pid
    deadline = time.monotonic() + 100
    while not connection.execute(moment.encode()).fetchone():
        assert loading.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(loading.pid, signal.SIGKILL)
    loading.join()
    unfinished = "SELECT count(*) FROM bulk_load WHERE finished_at IS NULL"
    assert connection.execute(unfinished).fetchone() == (1,)

    bulk(rows, part_rows=40)

    interrupted = state(connection)
    with connect(
        database_url.rsplit("/", 1)[0] + "/postgres", autocommit=True
    ) as admin:
        admin.execute("DROP DATABASE IF EXISTS whole")
        admin.execute("CREATE DATABASE whole TEMPLATE template")
    url = database_url.rsplit("/", 1)[0] + "/whole"
    with connect(url, autocommit=True) as whole:
        model_versions.activate(whole, judge.model)
        source = checked(file, system="shop", mapping=mapping, part_rows=400)
        load(url, source, judge=judge, progress=Lines())
        assert state(whole)["customers"] == interrupted["customers"]
        assert state(whole)["profiles"] == interrupted["profiles"]
    assert audit(connection, judge.model).differences == 0
