"""What a person may ask of us, through the API and the command line."""

from __future__ import annotations

from uuid import UUID, uuid4

import orjson
import pytest
from typer.testing import CliRunner

from schemas.source_record import CustomerRecord
from service.cli import app as commands
from service.database.connection.session import Connection
from tests.api.channel import Channel
from tests.api.factories import (
    a_consent,
    a_contact_with,
    a_customer,
    a_movement,
    a_retired_id,
    a_source_record,
    an_order,
)

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def customer_id(rows: Connection) -> UUID:
    """A customer of whom there is something to tell everywhere."""
    found = a_customer(rows, "pos:C-1", given_name="Zoé")
    held = CustomerRecord(
        given_name="Zoé", family_name=SCRIPT, emails=["z@mel.example"]
    )
    a_source_record(rows, found, "web:W-1", held)
    an_order(rows, "pos:1", of="pos:C-1")
    a_movement(rows, "loyalty:1", of="pos:C-1", amount="10")
    a_contact_with(rows, "desk:1", of="pos:C-1", case_id="K-1")
    a_consent(rows, "web:9", of="web:W-1")
    return found


def test_an_export_tells_all_and_who_said_it(
    channel: Channel, customer_id: UUID
) -> None:
    told = channel.get(f"/v1/customers/{customer_id}/export").json

    assert told["profile"]["given_name"] == "Zoé"
    assert [one["source_key"] for one in told["sources"]] == ["pos:C-1", "web:W-1"]
    assert told["sources"][1]["record"]["emails"] == ["z@mel.example"]
    for name, key in (
        ("orders", "pos:1"),
        ("movements", "loyalty:1"),
        ("interactions", "desk:1"),
        ("consents", "web:9"),
    ):
        assert [one["key"] for one in told[name]] == [key]


def test_an_export_is_a_page_that_runs_nothing(
    channel: Channel, customer_id: UUID
) -> None:
    page = channel.get(f"/v1/customers/{customer_id}/export/page")

    assert page.content_type == "text/html; charset=utf-8"
    assert "z@mel.example" in page.text
    assert "<script" not in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_a_retired_id_exports_where_it_went_and_an_unknown_one_nothing(
    channel: Channel, rows: Connection, customer_id: UUID
) -> None:
    retired = a_retired_id(rows, into=customer_id)

    moved = channel.get(f"/v1/customers/{retired}/export")

    assert moved.status_code == 307
    assert moved.headers["Location"] == f"/v1/customers/{customer_id}/export"
    assert channel.get(f"/v1/customers/{uuid4()}/export").status_code == 404


def test_an_erased_customer_is_gone_from_every_answer(
    channel: Channel, rows: Connection, customer_id: UUID
) -> None:
    asked = {"customer_id": str(customer_id), "grounds": "request"}
    passed_on = {"customer_id": str(customer_id), "audience": "desk", "note": "Zoé"}
    assert channel.post("/v1/handoffs", passed_on).status_code == 201

    done = channel.post("/v1/erasures", asked)

    assert done.status_code == 201
    assert done.json["erased_by"] == "till"
    for path in ("", "/export", "/orders", "/timeline", "/loyalty", "/sources"):
        assert channel.get(f"/v1/customers/{customer_id}{path}").status_code == 404
    assert channel.get("/v1/orders/pos:1").status_code == 404
    assert channel.post("/v1/erasures", asked).json == done.json
    assert rows.execute("SELECT count(*) FROM handoff").fetchone() == (0,)


def test_an_erasure_of_nobody_or_on_no_grounds_is_refused(channel: Channel) -> None:
    nobody = channel.post(
        "/v1/erasures", {"customer_id": str(uuid4()), "grounds": "request"}
    )
    groundless = channel.post(
        "/v1/erasures", {"customer_id": str(uuid4()), "grounds": "Marie asked"}
    )

    assert nobody.status_code == 404
    assert groundless.status_code == 422
    assert groundless.json["errors"][0]["parameter"] == "grounds"
    assert "Marie" not in groundless.text


def test_the_commands_export_erase_and_check_the_receipt(
    database_url: str, customer_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUTURE_DATABASE_URL", database_url)

    def run(*words: str, code: int = 0) -> str:
        shown = CliRunner().invoke(commands, ["customer", *words])
        assert shown.exit_code == code, shown.output
        return shown.stdout

    assert orjson.loads(run("export", str(customer_id), "--json"))["sources"]
    assert "<h1>Your data</h1>" in run("export", str(customer_id))
    run("erase", str(customer_id), "--grounds", "request", code=1)  # not confirmed
    receipt = run("erase", str(customer_id), "--grounds", "request", "--yes").strip()
    claims = orjson.loads(run("receipt", receipt))
    assert claims["customer_id"] == str(customer_id)
    run("receipt", f"{receipt[:-4]}AAAA", code=1)
    run("export", str(customer_id), code=1)
    run("readmit", claims["erasure_id"])
    run("readmit", claims["erasure_id"], code=1)
