"""A handoff: another channel sees the same context, once, within minutes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from flask_openapi.openapi import OpenAPI

from service.access import create_key
from service.database.connection.session import Connection
from service.database.customers import handoffs
from tests.api.channel import Channel
from tests.api.factories import (
    a_contact_with,
    a_customer,
    a_retired_id,
    an_order,
)

SCOPES = ["handoffs:write", "handoffs:redeem", "customers:read", "timeline:read"]


@pytest.fixture
def desk(app: OpenAPI, database_url: str) -> Channel:
    """The call centre."""
    return Channel(app, create_key(database_url, channel="desk", scopes=SCOPES))


def made(channel: Channel, customer_id: object, **more: object) -> str:
    """Return the code of a handoff to the desk."""
    body = {"customer_id": str(customer_id), "audience": "desk", **more}
    answer = channel.post("/v1/handoffs", body)
    assert answer.status_code == 201, answer.text
    assert answer.json["qr_svg"].startswith("<svg")
    return str(answer.json["code"])


def test_the_other_channel_sees_the_customer_and_the_conversation(
    channel: Channel, desk: Channel, rows: Connection
) -> None:
    anne = a_customer(rows, "pos:C-1", given_name="Anne")
    a_contact_with(rows, "till:1", of="pos:C-1", case_id="K-1", subject="a coat")
    an_order(rows, "pos:O-1", of="pos:C-1", minutes=5)
    code = made(channel, anne, case_id="K-1", note="Wants it in blue.")

    told = desk.post("/v1/handoffs/redeem", {"code": code.lower().replace("-", " ")})

    assert told.status_code == 200
    profile = desk.get(f"/v1/customers/{anne}").json
    assert told.json["customer"] == {
        name: value for name, value in profile.items() if name != "freshness"
    }
    timeline = desk.get(f"/v1/customers/{anne}/timeline").json["timeline"]
    assert told.json["conversation"] == timeline
    assert len(timeline) == 2
    assert (told.json["made_by"], told.json["case_id"]) == ("till", "K-1")
    assert told.json["note"] == "Wants it in blue."


def test_a_code_works_once_however_many_try(
    busy_channel: Channel, database_url: str, rows: Connection
) -> None:
    code = made(busy_channel, a_customer(rows, "pos:C-1"))
    client = busy_channel._client
    key = create_key(database_url, channel="desk", scopes=SCOPES)
    desks = [Channel(client.application, key) for _ in range(8)]  # type: ignore[arg-type]
    gate = threading.Barrier(8)

    def redeem(one: Channel) -> int:
        gate.wait()
        return one.post("/v1/handoffs/redeem", {"code": code}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(redeem, desks)) == [200] + [404] * 7


def test_another_channel_gets_nothing_and_spends_nothing(
    channel: Channel, desk: Channel, rows: Connection
) -> None:
    code = made(channel, a_customer(rows, "pos:C-1"))

    stranger = channel.post("/v1/handoffs/redeem", {"code": code})
    unknown = desk.post("/v1/handoffs/redeem", {"code": "0000-0000"})

    assert stranger.status_code == unknown.status_code == 404
    assert stranger.json["detail"] == unknown.json["detail"]
    assert desk.post("/v1/handoffs/redeem", {"code": code}).status_code == 200


def test_an_expired_code_is_refused_and_forgotten(
    channel: Channel, desk: Channel, rows: Connection
) -> None:
    code = made(channel, a_customer(rows, "pos:C-1"), note="private")
    rows.execute("UPDATE handoff SET expires_at = now() - interval '1 second'")

    assert desk.post("/v1/handoffs/redeem", {"code": code}).status_code == 404
    assert handoffs.forget_expired(rows) == 1


def test_the_customer_is_followed_through_a_merge(
    channel: Channel, desk: Channel, rows: Connection
) -> None:
    anne = a_customer(rows, "pos:C-1")
    before, retired = made(channel, anne), a_retired_id(rows, into=anne)
    through = made(channel, retired)
    zoe = a_customer(rows, "pos:C-2")
    rows.execute(
        "UPDATE customer SET retired_into = %s, profile = NULL WHERE customer_id = %s",
        [zoe, anne],
    )

    for code in (before, through):
        told = desk.post("/v1/handoffs/redeem", {"code": code})
        assert told.json["customer"]["customer_id"] == str(zoe)


def test_nobody_is_not_handed_over(channel: Channel) -> None:
    body = {"customer_id": str(uuid4()), "audience": "desk"}

    assert channel.post("/v1/handoffs", body).status_code == 404
    assert channel.post("/v1/handoffs", {**body, "minutes": 61}).status_code == 422


def test_no_code_is_stored(channel: Channel, rows: Connection) -> None:
    code = made(channel, a_customer(rows, "pos:C-1"))

    stored = rows.execute("SELECT h::text FROM handoff h").fetchone()

    assert stored
    assert code not in stored[0]
    assert code.replace("-", "") not in stored[0]
