"""The simulated retailer's acts arrive in real systems as it remembers them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.demo.retailer.retailer import Retailer
from service.demo.retailer.writes import CALL_CENTRE, ECOMMERCE
from service.demo.run.reconcile import differs
from service.demo.systems.http_server import KEY_VARIABLE
from service.demo.systems.systems import TABLES, Systems
from service.local.servers import start_postgres
from service.runtime import ports
from service.runtime.processes import Supervisor, our_program


@pytest.fixture
def systems(tmp_path: Path) -> Iterator[Systems]:
    urls = {}
    with (
        start_postgres(
            tmp_path / "pg", databases=("pos", "loyalty"), durable=False
        ) as server,
        Supervisor(tmp_path) as supervisor,
    ):
        for name in ("ecommerce", "call_centre"):
            port = ports.free_port()
            arguments = (
                f"service.demo.systems.{name}",
                str(port),
                str(tmp_path / name),
            )
            supervisor.start(our_program(name, *arguments, env={KEY_VARIABLE: "k"}))
            urls[name] = f"http://127.0.0.1:{port}"
            while not ports.answers(port):
                time.sleep(0.02)
        opened = Systems(
            pos_url=server.url("pos"),
            loyalty_url=server.url("loyalty"),
            shop_url=urls["ecommerce"],
            desk_url=urls["call_centre"],
            key="k",
        )
        yield opened
        opened.close()


def test_every_system_holds_what_the_retailer_wrote(systems: Systems) -> None:
    retailer = Retailer(3, start=datetime.now(UTC), people=60)
    filled = systems.fill(retailer.initial())
    for written, act in enumerate(retailer.acts(), filled + 1):
        systems.apply(act)
        # A story of several acts is written into the books at once.
        if written > 500 and written == len(retailer.written):
            break
    for system, table in TABLES:
        remembered = {
            str(row_id): row for row_id, row in retailer.rows(system, table).items()
        }
        rows = {str(row["id"]): row for row in systems.rows(system, table)}
        standing = {row_id for row_id, row in rows.items() if not row.get("deleted")}
        assert standing == remembered.keys(), (system, table)
        own = {"updated_at", "version"} if system == ECOMMERCE else set()
        for row_id, row in remembered.items():
            wrong = [
                name
                for name, value in row.items()
                if name not in own and differs(value, rows[row_id][name])
            ]
            assert wrong == [], (system, table, row_id)


def test_pages_of_a_few_rows_show_a_system_as_one_page_does(
    systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    retailer = Retailer(5, start=datetime.now(UTC), people=30)
    systems.fill(retailer.initial())
    for system, table in ((ECOMMERCE, "orders"), (CALL_CENTRE, "contacts")):
        whole = list(systems.rows(system, table))
        monkeypatch.setattr("service.demo.systems.systems._PAGE", 3)
        assert list(systems.rows(system, table)) == whole
        monkeypatch.undo()
