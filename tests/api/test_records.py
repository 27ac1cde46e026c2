"""A channel pushes its own records, and reads an answer that includes them."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from flask import Flask

from schemas import wire
from schemas.change_event import CustomerChange, Op, RecordKind
from schemas.source_key import SourceKey
from service.access import create_key
from service.api.http.read_your_writes import Token
from service.database.connection.session import Connection
from service.database.facts import programmes
from service.relay import relay
from service.resolver import worker
from service.settings import Settings
from tests.api.channel import Channel
from tests.api.factories import a_customer
from tests.resolver.deliveries import Delivery
from tests.resolver.fake_model import plain_judge

RECORDS = "/v1/records/till"
ANNE: dict[str, Any] = {
    "kind": "customer",
    "id": "C-7",
    "after": {"given_name": "Anne", "emails": ["anne@maison.test"]},
}


def _deliver(rows: Connection) -> None:
    """Deliver what waits in the outbox, as relay, broker and resolver would."""
    waiting = rows.execute(
        "DELETE FROM outbox WHERE topic ~ '^couture.source'"
        " RETURNING topic, message_value, message_headers"
    ).fetchall()
    events = [
        wire.decode(value, [(k, v.encode()) for k, v in headers.items()], topic=topic)
        for topic, value, headers in waiting
    ]
    Delivery(rows, plain_judge())(*events)


def test_a_pushed_record_goes_the_way_of_every_captured_change(
    channel: Channel, rows: Connection
) -> None:
    answer = channel.post(RECORDS, ANNE)
    before = channel.get(
        "/v1/customers?source_key=till:C-7", Couture_After=answer.json["after"]
    )
    _deliver(rows)
    after = channel.get(
        "/v1/customers?source_key=till:C-7", Couture_After=answer.json["after"]
    )

    assert answer.status_code == 202
    assert answer.headers["Couture-After"] == answer.json["after"]
    assert answer.json["source_key"] == "till:C-7"
    assert (before.headers["Couture-Includes"], before.json["customers"]) == ("no", [])
    assert after.headers["Couture-Includes"] == "yes"
    assert after.json["customers"][0]["given_name"] == "Anne"
    assert "till" in after.json["freshness"]


def test_a_channel_may_say_the_position_and_that_a_record_is_gone(
    channel: Channel, rows: Connection
) -> None:
    for position, after in ([9], ANNE["after"]), ([3], {"given_name": "Old"}):
        channel.post(RECORDS, {**ANNE, "position": position, "after": after})
        _deliver(rows)
    kept = channel.get("/v1/customers?source_key=till:C-7").json["customers"]
    gone = channel.post(RECORDS, {**ANNE, "position": [9, 1], "after": None})
    value = rows.execute(
        "SELECT message_value FROM outbox ORDER BY seq DESC"
    ).fetchone()

    assert kept[0]["given_name"] == "Anne"
    assert gone.json["position"] == [9, 1]
    assert value
    schema = [("schema", wire.SCHEMA.encode())]
    event = wire.decode(value[0], schema, topic="couture.source.till")
    assert isinstance(event, CustomerChange)
    assert (event.op, event.after) == (Op.DELETE, None)


def test_a_movement_is_included_once_the_profile_shows_it(
    channel: Channel, rows: Connection
) -> None:
    channel.post(RECORDS, ANNE)
    _deliver(rows)
    programmes.declare(rows, [("club", "points")], by="operator")
    body = {
        **{"account": "till:C-7", "programme": "club", "unit": "points"},
        **{"kind": "earn", "amount": 12},
    }
    token = channel.post("/v1/loyalty/movements", body, key="a").json["after"]
    customer = channel.get("/v1/customers?source_key=till:C-7").json["customers"][0]
    address = f"/v1/customers/{customer['customer_id']}/loyalty"

    before = channel.get(address, Couture_After=token)
    _deliver(rows)
    after = channel.get(address, Couture_After=token)

    assert (before.headers["Couture-Includes"], before.json["loyalty"]) == ("no", [])
    assert after.headers["Couture-Includes"] == "yes"
    assert after.json["loyalty"][0]["amount"] == "12"


def test_a_read_waits_for_what_it_asks_for_and_says_so(
    channel: Channel, rows: Connection
) -> None:
    token = channel.post(RECORDS, ANNE).json["after"]
    resolver = threading.Timer(0.3, _deliver, [rows])
    resolver.start()

    found = channel.get(
        "/v1/customers?source_key=till:C-7",
        Couture_After=token,
        Prefer="respond-async, wait=4",
    )
    resolver.join()

    assert found.headers["Couture-Includes"] == "yes"
    assert found.headers["Preference-Applied"] == "wait=4"
    assert len(found.json["customers"]) == 1


def test_a_read_that_waits_in_vain_answers_with_what_is_there(
    channel: Channel, rows: Connection
) -> None:
    customer_id = a_customer(rows, "pos:C-1")
    token = channel.post(RECORDS, ANNE).json["after"]
    began = time.monotonic()

    found = channel.get(
        f"/v1/customers/{customer_id}", Couture_After=token, Prefer="wait=1"
    )

    assert 1 <= time.monotonic() - began < 4
    assert found.status_code == 200
    assert found.headers["Couture-Includes"] == "no"
    assert found.headers["Preference-Applied"] == "wait=1"


def test_waiting_never_takes_all_places(channel: Channel, rows: Connection) -> None:
    token = channel.post(RECORDS, ANNE).json["after"]
    answers: list[Any] = []

    def ask() -> None:
        headers = {"Couture_After": token, "Prefer": "wait=1"}
        answers.append(channel.get("/v1/customers?source_key=till:C-7", **headers))

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()

    waited = [one for one in answers if "Preference-Applied" in one.headers]
    assert len(waited) == 1  # of two threads one may wait
    assert {one.headers["Couture-Includes"] for one in answers} == {"no"}


@pytest.mark.parametrize(
    "token",
    ["", "x", "customer/till@1", "customer/till:@1", "visit/till:1@1", "é",
     "customer/till:1@-1", "customer/till:1@99999999999999999999", ",",
     "customer/till:%00@1", ",".join(["customer/till:1@1"] * 9)],
)  # fmt: skip
def test_a_token_that_was_never_given_is_a_422(channel: Channel, token: str) -> None:
    answer = channel.get("/v1/customers?card=1", Couture_After=token)

    assert answer.status_code == 422
    assert answer.json["errors"][0]["parameter"] == "Couture-After"


def test_a_token_says_any_id_in_plain_text() -> None:
    for id_ in ("C-7", "a,b@c/é %", "x" * 200):
        token = Token(RecordKind.ORDER, SourceKey("till", id_), (1, 2))
        assert Token.parse(str(token)) == token
        assert str(token).isascii()


def test_a_key_pushes_only_for_its_own_system(
    channel: Channel, app: Flask, database_url: str
) -> None:
    key = create_key(database_url, channel="couture", scopes=["records:write"])

    assert channel.post("/v1/records/pos", ANNE).status_code == 403
    assert Channel(app, key).post("/v1/records/couture", ANNE).status_code == 403


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({**ANNE, "kind": "visit"}, "query"),
        ({"kind": "customer", "id": "C-7"}, "customer.after"),
        ({**ANNE, "id": ""}, "customer.id"),
        ({**ANNE, "position": []}, "customer.position"),
        ({**ANNE, "after": {"given_name": "a\x00"}}, "customer.after.given_name"),
        ({**ANNE, "after": {"nick": "a"}}, "customer.after.nick"),
        ({**ANNE, "kind": "movement", "after": None}, "movement.after"),
        ([], "query"),
        ("C-7", "query"),
    ],
)
def test_a_record_that_does_not_fit_is_a_422_that_names_the_field(
    channel: Channel, rows: Connection, body: Any, named: str
) -> None:
    answer = channel.post(RECORDS, body)

    assert answer.status_code == 422
    assert answer.json["errors"][0]["parameter"] == named
    assert rows.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


@pytest.mark.parametrize("depth", [900, 1_000, 1_020, 5_000])
def test_a_body_nested_too_deep_is_a_refusal(channel: Channel, depth: int) -> None:
    body = b"[" * depth + b"]" * depth
    answer = channel.post_bytes(RECORDS, body)

    assert answer.status_code in (400, 422)


def test_a_push_reaches_the_profile_through_relay_broker_and_resolver(
    channel: Channel, database_url: str, broker: str
) -> None:
    settings = Settings(database_url=database_url, kafka=broker)
    stop = threading.Event()
    parts = [
        threading.Thread(target=run, args=[settings], kwargs={"stop": stop})
        for run in (relay.run, worker.run)
    ]
    for part in parts:
        part.start()
    try:
        found = []
        for n in range(5):
            stranger = {"given_name": f"Anne{n}", "emails": [f"{n}@maison.test"]}
            record = {**ANNE, "id": f"C-{n}", "after": stranger}
            pushed = channel.post(RECORDS, record).json["after"]
            answer = _until_included(channel, f"till:C-{n}", pushed)
            found += answer.json["customers"]
    finally:
        stop.set()
        for part in parts:
            part.join(timeout=30)

    assert [one["source_keys"] for one in found] == [[f"till:C-{n}"] for n in range(5)]


def _until_included(channel: Channel, key: str, token: str) -> Any:
    for _ in range(24):
        answer = channel.get(
            f"/v1/customers?source_key={key}", Couture_After=token, Prefer="wait=5"
        )
        if answer.headers["Couture-Includes"] == "yes":
            return answer
    raise AssertionError(f"{token} is never included")
