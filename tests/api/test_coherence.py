"""Four channels ask at once while customers change, merge and part: one answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from service.access import create_key
from service.cli import app as couture
from service.database.connection.session import Connection
from service.database.verification.coherence_checks import lately_changed
from service.verification.coherence import Asking, Probe
from tests.api.factories import a_customer
from tests.api.served import Served, served
from tests.resolver.deliveries import ANNE, BEA, Delivery, customer
from tests.resolver.fake_model import plain_judge

CHANNELS = 4


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Served]:
    """The API in two processes, as in production."""
    with served(database_url, tmp_path / "log", COUTURE_API_WORKERS="2") as started:
        yield started


@pytest.fixture
def probe(server: Served, database_url: str) -> Iterator[Probe]:
    """Four channels, each with its key."""
    keys = [
        create_key(database_url, channel=f"c{n}", scopes=["customers:read"])
        for n in range(CHANNELS)
    ]
    opened = Probe(server.url, keys=keys)
    yield opened
    opened.close()


def test_every_answer_is_the_same_while_customers_change_merge_and_part(
    probe: Probe, rows: Connection
) -> None:
    deliver = Delivery(rows, plain_judge())
    deliver(customer("pos:1", 1, **ANNE), customer("pos:2", 1, **BEA))
    asking = Asking(probe, pause_s=0.0)
    for position in range(2, 42):
        title = {"title": ["Mme", "Mlle"][position % 2]}
        together = BEA | (ANNE if position % 4 < 2 else {})
        deliver(customer("pos:1", position, **ANNE | title))
        deliver(customer("pos:2", position, **together))
        asking.about(lately_changed(rows, limit=10))
    found = asking.stop()

    merged = rows.execute(
        "SELECT count(*) FROM profile_history WHERE why LIKE '%merged'"
    ).fetchone()
    assert merged
    assert merged[0] > 20
    assert found.differing == []
    assert found.asked == found.coherent > 2 * CHANNELS


def test_another_answer_at_the_same_version_is_found(
    probe: Probe, rows: Connection
) -> None:
    anne = str(a_customer(rows, "pos:1", given_name="Anne"))
    probe.ask(anne)
    assert probe.found.coherent == probe.found.asked == CHANNELS

    rows.execute(
        "UPDATE customer SET profile = convert_to(replace("
        "convert_from(profile, 'UTF8'), 'Anne', 'Anna'), 'UTF8')"
    )
    probe.ask(anne, source_key="pos:1")

    assert probe.found.coherent == CHANNELS
    assert probe.found.asked == 3 * CHANNELS
    assert "another answer" in probe.found.differing[0]
    assert "Ann" not in " ".join(probe.found.differing)


def test_a_version_that_goes_back_is_found(probe: Probe, rows: Connection) -> None:
    anne = str(a_customer(rows, "pos:1", version=4))
    probe.ask(anne)

    rows.execute(
        "UPDATE customer SET version = 3, profile = convert_to(replace("
        "convert_from(profile, 'UTF8'), '\"version\":4', '\"version\":3'), 'UTF8')"
    )
    probe.ask(anne)

    assert probe.found.asked - probe.found.coherent == CHANNELS
    assert "was told version 4 before" in probe.found.differing[0]


def test_a_customer_is_found_in_every_way_that_its_profile_names(
    probe: Probe, rows: Connection
) -> None:
    deliver = Delivery(rows, plain_judge())
    deliver(customer("pos:1", 1, **ANNE), customer("ecommerce:1", 1, **ANNE))
    anne = rows.execute("SELECT DISTINCT customer_id FROM label").fetchall()
    assert len(anne) == 1

    probe.ask_every_way(str(anne[0][0]))
    by_id, keys = CHANNELS, 2 * CHANNELS
    contacts = probe.found.asked - by_id - keys
    assert contacts > 0
    assert probe.found.coherent == probe.found.asked

    rows.execute("DELETE FROM contact_key")
    probe.ask_every_way(str(anne[0][0]))

    assert probe.found.asked == 2 * (by_id + keys + contacts)
    assert probe.found.asked - probe.found.coherent == contacts
    assert "not found by" in probe.found.differing[0]


def test_the_running_check_tells_its_figure_and_leaves_no_key(
    server: Served,
    database_url: str,
    rows: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COUTURE_DATABASE_URL", database_url)
    command = ["coherence", "--url", server.url, "--seconds", "2", "--json"]

    nobody = CliRunner().invoke(couture, command)
    a_customer(rows, "pos:1")
    checked = CliRunner().invoke(couture, command)

    assert (nobody.exit_code, json.loads(nobody.stdout)["asked"]) == (1, 0)
    assert checked.exit_code == 0
    found = json.loads(checked.stdout)
    assert found["asked"] == found["coherent"] > 0
    figures = httpx.get(f"{server.url}/metrics").text
    assert f"couture_coherence_coherent {float(found['asked'])}" in figures
    live = rows.execute("SELECT count(*) FROM api_key WHERE revoked_at IS NULL")
    assert live.fetchone() == (0,)
