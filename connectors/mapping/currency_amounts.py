"""Amounts of money in no more decimals than their currency has."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from schemas.facts import Order

_USUAL_DECIMALS = 2
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX"
_DECIMALS = {
    code: decimals
    for decimals, codes in ((0, _NONE), (3, _THREE), (4, _FOUR))
    for code in codes.split()
}
"""Minor units as ISO 4217 lists them; four where it lists none (gold, say), which is
what an amount can hold."""


def decimals_of(currency: str) -> int:
    """Return how many decimals an amount in this currency has."""
    return _DECIMALS.get(currency, _USUAL_DECIMALS)


def rounded(order: Order) -> Order:
    """Return the order in whole minor units of its currency, rounded half even; the
    same object if it is in them already."""
    unit = Decimal(1).scaleb(-decimals_of(order.currency))
    total = _rounded(order.total, unit)
    amounts = [_rounded(line.amount, unit) for line in order.lines]
    if total == order.total and amounts == [line.amount for line in order.lines]:
        return order
    lines = [
        line.model_copy(update={"amount": amount})
        for amount, line in zip(amounts, order.lines, strict=True)
    ]
    return order.model_copy(update={"total": total, "lines": lines})


def _rounded(amount: Decimal | None, unit: Decimal) -> Decimal | None:
    if amount is None or amount == (near := amount.quantize(unit, ROUND_HALF_EVEN)):
        return amount
    return near
