"""Points have a day: until then they are spent first, after it not at all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.facts import MovementKind
from service.database.connection.session import Connection
from service.domain.loyalty import Line, Lot, expired, expiring, remaining
from tests.api.channel import Channel
from tests.api.factories import a_burn, a_customer, a_movement
from tests.resolver.deliveries import ANNE, Delivery, customer, movement
from tests.resolver.fake_model import plain_judge

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
days = st.integers(0, 400)


def line(
    amount: int, *, on: int, lasts: int | None = None, kind: str = "", order: str = ""
) -> Line:
    """Return a line `on` so many days after the start, which expires on that day."""
    at = START + timedelta(days=on)
    ends = None if lasts is None else (START + timedelta(days=lasts)).date()
    kind = kind or ("earn" if amount > 0 else "burn")
    name = f"{on}-{amount}-{lasts}"
    return Line(at, "pos", name, Decimal(amount), ends, kind, order or None)


def lots(*lines: Line) -> list[tuple[date | None, int]]:
    """Return what is left of each lot."""
    return [(one.expires_on, int(one.amount)) for one in remaining(lines, zone=UTC)]


def day(number: int) -> date:
    """Return the day so many days after the start."""
    return (START + timedelta(days=number)).date()


lines = st.lists(
    st.builds(
        lambda amount, on, lasts, order: line(
            amount,
            on=on,
            lasts=None if amount < 0 or lasts is None else on + lasts,
            kind="reverse" if order and amount < 0 else "",
            order=order,
        ),
        st.integers(-60, 60).filter(bool),
        days,
        st.none() | days,
        st.sampled_from(["", "pos:A", "pos:B"]),
    ),
    max_size=12,
)


@given(lines)
def test_the_lots_add_up_to_the_balance_unless_it_is_a_debt(ledger: list[Line]) -> None:
    balance = sum(one.amount for one in ledger)
    left = remaining(ledger, zone=UTC)
    assert sum(lot.amount for lot in left) == max(balance, 0)
    assert all(lot.amount > 0 for lot in left)


@given(lines, days)
def test_what_is_past_its_day_is_not_listed_and_all_of_it_counted(
    ledger: list[Line], today: int
) -> None:
    past = [
        lot
        for lot in remaining(ledger, zone=UTC)
        if lot.expires_on and lot.expires_on < day(today)
    ]
    over = expired(ledger, today=day(today), zone=UTC)
    assert over == sum(lot.amount for lot in past) >= 0
    shown = expiring(ledger, today=day(today), zone=UTC)
    assert not {lot.expires_on for lot in shown} & {lot.expires_on for lot in past}


def test_points_are_spent_from_the_lot_that_expires_first_of_those_that_still_may() -> (
    None
):
    old, new = line(100, on=0, lasts=30), line(50, on=20, lasts=200)

    assert lots(old, new, line(-40, on=25)) == [(day(30), 60), (day(200), 50)]
    assert lots(old, new, line(-40, on=31)) == [(day(30), 100), (day(200), 10)]
    assert lots(old, new, line(-40, on=30)) == [(day(30), 60), (day(200), 50)]


def test_a_source_that_lets_points_be_spent_after_their_day_is_believed() -> None:
    old = line(100, on=0, lasts=30)

    assert lots(old, line(-80, on=40)) == [(day(30), 20)]
    assert expired([old, line(-80, on=40)], today=day(41), zone=UTC) == 20


def test_an_expiry_line_writes_off_what_is_past_and_nothing_else() -> None:
    old, new = line(100, on=0, lasts=30), line(50, on=20, lasts=200)
    written_off = line(-100, on=35, kind="expire")

    assert lots(old, new, written_off) == [(day(200), 50)]


def test_a_returned_order_takes_back_the_points_that_it_gave() -> None:
    other = line(100, on=0, lasts=100, order="pos:A")
    returned = line(80, on=10, lasts=400, order="pos:B")
    back = line(-80, on=20, kind="reverse", order="pos:B")

    assert lots(other, returned, back) == [(day(100), 100)]
    # of the points given, 30 are spent: those are taken from the others
    burned = line(-130, on=15)
    assert lots(other, returned, burned, back) == []
    assert expired([other, returned, burned, back], today=day(21), zone=UTC) == 0


def test_a_returned_order_gives_back_the_points_it_was_paid_with_and_their_day() -> (
    None
):
    old, new = line(100, on=0, lasts=30), line(50, on=1, lasts=200)
    paid = line(-120, on=10, order="pos:A")
    back = line(120, on=20, kind="reverse", order="pos:A")

    assert lots(old, new, paid, back) == [(day(30), 100), (day(200), 50)]
    some = line(30, on=20, kind="reverse", order="pos:A")
    assert lots(old, new, paid, some) == [(day(30), 10), (day(200), 50)]


def test_the_day_ends_in_the_retailers_zone() -> None:
    last = Line(START, "pos", "1", Decimal(10), day(30), MovementKind.EARN)
    # 23:30 UTC of that day is the next one in Paris
    late = START.replace(hour=23, minute=30) + timedelta(days=30)
    other = Line(START, "pos", "2", Decimal(5), None, MovementKind.EARN)
    burn = Line(late, "pos", "3", Decimal(-5), None, MovementKind.BURN)

    assert remaining([last, other, burn], zone=UTC)[0] == Lot(day(30), Decimal(5))
    assert remaining([last, other, burn], zone=PARIS) == [Lot(day(30), Decimal(10))]


@pytest.fixture
def customer_id(rows: Connection) -> UUID:
    """A customer with 100 points whose day is long past and 50 that last."""
    found = a_customer(rows, "loyalty:M-1")
    past, coming = date(2026, 6, 30), datetime.now(UTC).date() + timedelta(days=300)
    a_movement(rows, "loyalty:1", of="loyalty:M-1", amount="100", expires_on=past)
    a_movement(rows, "loyalty:2", of="loyalty:M-1", amount="50", expires_on=coming)
    return found


def test_points_past_their_day_are_not_listed_and_cover_noa_burn(
    channel: Channel, customer_id: UUID
) -> None:
    refused = channel.post("/v1/loyalty/movements", a_burn(-60), key="a")
    burned = channel.post("/v1/loyalty/movements", a_burn(-20), key="b")
    listed = channel.get(f"/v1/customers/{customer_id}/loyalty/expiring")

    assert (refused.status_code, refused.json["balance"]) == (409, "50")
    assert (burned.status_code, burned.json["balance"]) == (201, "30")
    assert [lot["amount"] for lot in listed.json["lots"]] == ["30"]


def test_a_balance_tells_what_of_it_can_be_spent(
    channel: Channel, rows: Connection
) -> None:
    deliver = Delivery(rows, plain_judge())
    deliver(customer("loyalty:1", 1, **ANNE), movement("loyalty:L1", "loyalty:1", 100))
    found = rows.execute("SELECT customer_id FROM label").fetchone()
    rows.execute("UPDATE loyalty_movement SET expires_on = '2026-06-30'")
    assert found

    (balance,) = channel.get(f"/v1/customers/{found[0]}/loyalty").json["loyalty"]

    assert (balance["amount"], balance["spendable"]) == ("100", "0")
