"""Channels move points only in a programme and unit that somebody knows."""

from __future__ import annotations

from typing import Any

import pytest

from service.database.connection.session import Connection
from service.database.facts import programmes
from tests.api.channel import Channel
from tests.api.factories import a_customer
from tests.resolver.deliveries import Delivery, customer, movement
from tests.resolver.fake_model import plain_judge

MOVEMENTS = "/v1/loyalty/movements"


def _earn(**fields: Any) -> dict[str, Any]:
    made = {"account": "loyalty:M-1", "programme": "fidelity", "unit": "points"}
    return {**made, "kind": "earn", "amount": 5, **fields}


@pytest.fixture
def declared(rows: Connection) -> None:
    """A customer; two units of one programme, one of another."""
    a_customer(rows, "loyalty:M-1")
    ledgers = [("fidelity", "points"), ("fidelity", "EUR"), ("club", "points")]
    programmes.declare(rows, ledgers, by="operator")


@pytest.mark.usefixtures("declared")
@pytest.mark.parametrize(
    ("misspelt", "names", "known"),
    [
        ({"programme": "fidelty"}, "programme", "club, fidelity"),
        ({"programme": "Fidelity"}, "programme", "club, fidelity"),
        ({"unit": "point"}, "unit", "EUR, points"),
        ({"programme": "club", "unit": "EUR"}, "unit", "points"),
    ],
)
def test_a_misspelt_programme_or_unit_is_refused_with_those_that_are_known(
    channel: Channel,
    rows: Connection,
    misspelt: dict[str, str],
    names: str,
    known: str,
) -> None:
    answer = channel.post(MOVEMENTS, _earn(**misspelt), key="a")

    assert answer.status_code == 422
    (error,) = answer.json["errors"]
    assert error["parameter"] == names
    assert error["reason"].endswith(f"declared: {known}")
    count = rows.execute("SELECT count(*) FROM loyalty_movement").fetchone()
    assert count == (0,)
    # not the last word on its key: the right spelling, or a declaration, mends it
    assert channel.post(MOVEMENTS, _earn(), key="a").status_code == 201


@pytest.mark.usefixtures("declared")
def test_what_is_withdrawn_moves_no_more_and_can_be_declared_again(
    channel: Channel, rows: Connection
) -> None:
    assert channel.post(MOVEMENTS, _earn(), key="a").json["balance"] == "5"
    assert programmes.withdraw(rows, "fidelity", "points")
    assert channel.post(MOVEMENTS, _earn(), key="b").status_code == 422
    # what was answered before is answered again
    assert channel.post(MOVEMENTS, _earn(), key="a").status_code == 201

    assert programmes.declare(rows, [("fidelity", "points")], by="operator") == 1
    assert channel.post(MOVEMENTS, _earn(), key="b").json["balance"] == "10"


def test_a_captured_ledger_declares_what_it_names(
    channel: Channel, rows: Connection
) -> None:
    deliver = Delivery(rows, plain_judge())
    deliver(
        customer("loyalty:M-1", 1, given_name="Anne"),
        movement("loyalty:1", "loyalty:M-1", 30),
    )

    # a line that is refused, since it changed, declares nothing
    changed = movement("loyalty:1", "loyalty:M-1", 30)
    assert changed.after is not None
    misspelt = changed.after.model_copy(update={"programme": "clbu"})
    deliver(changed.model_copy(update={"after": misspelt}))

    (one,) = programmes.listed(rows)
    assert one[:3] == ("club", "points", "source loyalty")
    burn = _earn(programme="club", kind="burn", amount=-10)
    assert channel.post(MOVEMENTS, burn, key="a").json["balance"] == "20"

    programmes.withdraw(rows, "club", "points")
    deliver(movement("loyalty:1", "loyalty:M-1", 30))
    assert programmes.listed(rows) == []
