"""A channel moves points: once for each key, never beyond the balance."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from service.access import create_key
from service.api.models.writes import MovementMade
from service.database.connection.session import Connection
from tests.api.channel import Channel
from tests.api.factories import a_burn, a_customer, a_movement

MOVEMENTS = "/v1/loyalty/movements"


@pytest.fixture
def customer_id(rows: Connection) -> UUID:
    """A customer with 100 points on two accounts."""
    found = a_customer(rows, "loyalty:M-1", "pos:C-1")
    a_movement(rows, "loyalty:1", of="loyalty:M-1", amount="60")
    a_movement(rows, "pos:1", of="pos:C-1", amount="40")
    return found


def _sum(rows: Connection) -> Decimal:
    row = rows.execute("SELECT sum(amount) FROM loyalty_movement").fetchone()
    assert row
    return Decimal(row[0])


def test_a_burn_takes_from_all_accounts_of_the_customer_and_marks_them(
    channel: Channel, rows: Connection, customer_id: UUID
) -> None:
    answer = channel.post(MOVEMENTS, a_burn(-80), key="a")

    assert answer.status_code == 201
    told = MovementMade.model_validate_json(answer.data)
    assert (told.balance, told.customer_id) == (Decimal(20), customer_id)
    assert told.key.system == "couture"
    assert answer.headers["Couture-After"] == told.after
    assert rows.execute("SELECT count(*), bool_and(scored) FROM dirty").fetchone() == (
        1,
        True,
    )
    assert rows.execute("SELECT topic FROM outbox").fetchall() == [
        ("couture.source.couture",)
    ]


def test_a_burn_beyond_the_balance_is_refused_and_stays_refused_for_its_key(
    channel: Channel, rows: Connection, customer_id: UUID
) -> None:
    first = channel.post(MOVEMENTS, a_burn(-101), key="a")
    a_movement(rows, "loyalty:2", of="loyalty:M-1", amount="500")
    again = channel.post(MOVEMENTS, a_burn(-101), key="a")
    another = channel.post(MOVEMENTS, a_burn(-101), key="b")

    assert (first.status_code, again.status_code) == (409, 409)
    assert first.json["type"] == again.json["type"] == "/problems/insufficient-balance"
    assert first.json["balance"] == again.json["balance"] == "100"
    assert another.status_code == 201


def test_a_repeat_gets_the_first_answer_and_moves_nothing(
    channel: Channel, rows: Connection, customer_id: UUID
) -> None:
    first = channel.post(MOVEMENTS, a_burn(), key="a")
    repeat = channel.post(MOVEMENTS, dict(reversed(a_burn().items())), key="a")

    assert (first.data, repeat.status_code) == (repeat.data, 201)
    assert repeat.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert _sum(rows) == 70


def test_a_key_with_another_body_is_refused_and_keys_of_channels_do_not_meet(
    channel: Channel,
    app: Flask,
    database_url: str,
    rows: Connection,
    customer_id: UUID,
) -> None:
    channel.post(MOVEMENTS, a_burn(), key="a")
    web = Channel(app, create_key(database_url, channel="web", scopes=["loyalty:burn"]))

    other = channel.post(MOVEMENTS, a_burn(-31), key="a")
    elsewhere = web.post(MOVEMENTS, a_burn(-31), key="a")

    assert (other.status_code, other.json["type"]) == (422, "/problems/key-reused")
    assert elsewhere.status_code == 201
    assert _sum(rows) == 39


def test_a_line_that_the_channels_own_ledger_brings_too_counts_once(
    channel: Channel, rows: Connection, customer_id: UUID
) -> None:
    a_movement(rows, "till:T-7", of="loyalty:M-1", amount="-30", kind="burn")

    captured_first = channel.post(MOVEMENTS, a_burn(id="T-7"), key="a")
    differing = channel.post(MOVEMENTS, a_burn(-31, id="T-7"), key="b")

    assert captured_first.status_code == 201
    assert captured_first.json["balance"] == "70"
    assert differing.status_code == 409
    assert differing.json["type"] == "/problems/different-movement"
    assert _sum(rows) == 70


def test_earning_and_adjusting_need_scopes_of_their_own(
    app: Flask, database_url: str, rows: Connection, customer_id: UUID
) -> None:
    burner = Channel(
        app, create_key(database_url, channel="till", scopes=["loyalty:burn"])
    )
    reverser = Channel(
        app,
        create_key(
            database_url, channel="desk", scopes=["loyalty:burn", "loyalty:adjust"]
        ),
    )

    for kind, scope in (("earn", "loyalty:earn"), ("adjust", "loyalty:adjust")):
        refused = burner.post(MOVEMENTS, a_burn(5, kind=kind), key=kind)
        assert refused.status_code == 403
        assert scope in refused.json["detail"]
    debt = reverser.post(MOVEMENTS, a_burn(-150, kind="reverse"), key="r")
    assert debt.json["balance"] == "-50"  # a reversal states what is so


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"amount": 30}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": "-0.00001"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"kind": "expire"}, "kind"),
        ({"account": "nobody"}, "account"),
        ({"unit": "a\x00b"}, "unit"),
        ({"surprise": 1}, "surprise"),
        ({"at": "2026-05-03T12:00:00"}, "at"),
        ({"id": " "}, "id"),
    ],
)
def test_a_movement_that_does_not_fit_is_a_422_that_names_the_field(
    channel: Channel, customer_id: UUID, change: dict[str, Any], named: str
) -> None:
    answer = channel.post(MOVEMENTS, a_burn(**change), key="a")

    assert answer.status_code == 422
    assert answer.json["errors"][0]["parameter"] == named


@pytest.mark.parametrize("key", ["", "é", "a b", "x" * 201])
def test_a_movement_needs_a_key_of_its_own(
    channel: Channel, customer_id: UUID, key: str
) -> None:
    answer = channel.post(MOVEMENTS, a_burn(), key=key)

    assert answer.status_code == 422
    assert answer.json["errors"][0]["parameter"] == "Idempotency-Key"


def test_an_account_that_nobody_holds_is_a_404_and_spends_no_key(
    channel: Channel, rows: Connection
) -> None:
    unknown = channel.post(MOVEMENTS, a_burn(), key="a")
    a_customer(rows, "loyalty:M-1")
    a_movement(rows, "loyalty:1", of="loyalty:M-1", amount="60")

    assert unknown.status_code == 404
    assert channel.post(MOVEMENTS, a_burn(), key="a").status_code == 201


def test_of_many_burns_at_once_over_two_accounts_exactly_the_affordable_succeed(
    busy_channel: Channel, rows: Connection, customer_id: UUID
) -> None:
    accounts = ["loyalty:M-1", "pos:C-1"]

    def attempt(n: int) -> int:
        body = a_burn(-7, account=accounts[n % 2])
        return busy_channel.post(MOVEMENTS, body, key=f"{n}").status_code

    with ThreadPoolExecutor(8) as several:
        statuses = list(several.map(attempt, range(200)))

    assert statuses.count(201) == 14
    assert statuses.count(409) == 186
    assert _sum(rows) == 2


def test_of_two_that_send_one_key_at_once_one_is_the_repeat_or_is_refused(
    busy_channel: Channel, rows: Connection, customer_id: UUID
) -> None:
    def attempt(n: int) -> int:
        body = a_burn(-1, account=["loyalty:M-1", "pos:C-1"][n % 2])
        return busy_channel.post(MOVEMENTS, body, key=f"{n // 4}").status_code

    with ThreadPoolExecutor(8) as several:
        statuses = list(several.map(attempt, range(80)))

    # of every four with one key two say the same, and two another account
    assert (statuses.count(201), statuses.count(422)) == (40, 40)
    assert _sum(rows) == 80
