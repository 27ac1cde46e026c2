"""What a ledger's lines amount to: what may be burned, and what expires when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from schemas.facts import MovementKind

NOTHING = Decimal(0)
_NEVER = date.max


class Line(NamedTuple):
    """One line of a ledger, in the order in which lines take effect."""

    at: datetime
    system: str
    id: str
    amount: Decimal
    expires_on: date | None


class Lot(NamedTuple):
    """What is left of the points that expire on one day; no day means never."""

    expires_on: date | None
    amount: Decimal


def sign_fits(kind: MovementKind, amount: Decimal) -> bool:
    """Return whether a movement of this kind may have this amount."""
    if kind is MovementKind.EARN:
        return amount > 0
    if kind in (MovementKind.BURN, MovementKind.EXPIRE):
        return amount < 0
    return amount != 0


def affordable(kind: MovementKind, amount: Decimal, balance: Decimal) -> bool:
    """Return whether a balance allows the movement: only a burn needs cover.

    A reversal or an adjustment states what is so, and may leave a debt.
    """
    return kind is not MovementKind.BURN or balance + amount >= 0


def remaining(lines: Iterable[Line]) -> list[Lot]:
    """Return what is left of each lot, soonest expiry first.

    What is spent comes out of the lot that expires first among those earned by then;
    what is spent beyond that is a debt, which the next points earned pay. The lots add
    up to the balance unless a debt is left.
    """
    left: dict[date, Decimal] = {}
    debt = NOTHING
    for line in sorted(lines):
        if line.amount > 0:
            paid = min(debt, line.amount)
            debt -= paid
            day = line.expires_on or _NEVER
            left[day] = left.get(day, NOTHING) + line.amount - paid
        else:
            debt += _spend(left, -line.amount)
    return [
        Lot(None if day == _NEVER else day, amount)
        for day, amount in sorted(left.items())
        if amount
    ]


def _spend(left: dict[date, Decimal], amount: Decimal) -> Decimal:
    """Take the amount out of the lots, soonest first; return what they do not hold."""
    for day in sorted(left):
        taken = min(left[day], amount)
        left[day] -= taken
        amount -= taken
    return amount
