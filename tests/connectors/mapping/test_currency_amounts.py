"""An order's amounts have no more decimals than its currency, and it is told once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Row
from connectors.files.preview import preview
from connectors.mapping.currency_amounts import decimals_of, rounded
from connectors.mapping.rows_to_events import Mapping
from schemas.change_event import Op, OrderChange
from schemas.facts import Order

MAPPING = """
tables:
  order:
    kind: order
    id: "no"
    fields:
      channel: { constant: shop }
      status: { constant: paid }
      currency: currency
      total: total
      lines:
        each: lines
        fields: { sku: sku, quantity: quantity, amount: amount }
      placed_at: { constant: "2026-01-05T10:00:00Z" }
"""


@pytest.fixture
def mapping(tmp_path: Path) -> Mapping:
    """The mapping of an order with its lines."""
    path = tmp_path / "m.yaml"
    path.write_text(MAPPING)
    return Mapping.load(path, system="shop", connector="file")


def _order(mapping: Mapping, currency: str, total: object, *amounts: object) -> Order:
    lines = [{"sku": "a", "quantity": "0.375", "amount": one} for one in amounts]
    payload = {"no": "1", "currency": currency, "total": total, "lines": lines}
    row = Row("order", Op.READ, payload, (1,), None, True, None)
    [event] = mapping.events(row)
    assert isinstance(event, OrderChange)
    assert event.after is not None
    return event.after


@pytest.mark.parametrize(
    ("currency", "total", "right"),
    [
        ("EUR", "19.995", "20.00"),
        ("EUR", "19.985", "19.98"),
        ("EUR", "19.9", "19.9"),
        ("EUR", 0.1 + 0.2, "0.30"),
        ("EUR", "-19.985", "-19.98"),
        ("XPF", "1500.5", "1500"),
        ("JPY", "1501.5", "1502"),
        ("TND", "12.3456", "12.346"),
        ("CLF", "12.3456", "12.3456"),
    ],
)
def test_an_amount_is_rounded_half_even_to_its_currency(
    mapping: Mapping, currency: str, total: object, right: str
) -> None:
    order = _order(mapping, currency, total, total)
    assert order.total == Decimal(right)
    assert order.lines[0].amount == Decimal(right)
    assert order.lines[0].quantity == Decimal("0.375")


def test_it_is_told_once_for_a_table_and_a_currency(mapping: Mapping) -> None:
    _order(mapping, "EUR", "1.00", "1.00")
    assert mapping.told.take() == []
    for _ in range(3):
        _order(mapping, "EUR", "1.00", "1.005")
        _order(mapping, "XPF", "1.5")
    assert mapping.told.take() == [
        "table order: amounts have more decimals than EUR, which has 2; "
        "they are rounded half even",
        "table order: amounts have more decimals than XPF, which has 0; "
        "they are rounded half even",
    ]
    _order(mapping, "EUR", "1.005")
    assert mapping.told.take() == []


def test_a_preview_shows_it(mapping: Mapping, tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_text('{"no": "1", "currency": "EUR", "total": 12.3456}\n')
    shown = list(preview(path, mapping, "order", shown=5, counted=0))
    assert shown[0]["after"]["total"] == "12.35"
    assert "EUR" in shown[-1]["note"]


@given(
    st.decimals(-10_000_000, 10_000_000, places=4),
    st.sampled_from(["EUR", "USD", "XPF", "TND", "UYW"]),
)
def test_it_moves_by_half_a_minor_unit_at_most_and_only_once(
    amount: Decimal, currency: str
) -> None:
    order = Order.model_validate(
        {
            "channel": "shop",
            "status": "paid",
            "currency": currency,
            "total": amount,
            "placed_at": "2026-01-05T10:00:00Z",
        }
    )
    unit = Decimal(1).scaleb(-decimals_of(currency))
    found = rounded(order)
    assert found.total is not None
    assert found.total % unit == 0
    assert abs(found.total - amount) <= unit / 2
    assert rounded(found) is found
