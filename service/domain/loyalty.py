"""What a ledger's lines amount to: what may be burned, and what expires when.

Days are those of the retailer's zone; points may be spent up to the end of the day on
which they expire.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
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
    kind: str = MovementKind.ADJUST
    order: str | None = None


class Lot(NamedTuple):
    """What is left of the points that expire on one day; no day means never."""

    expires_on: date | None
    amount: Decimal


@dataclass(slots=True)
class _Earned:
    """Points earned by one line: the day they expire, their order, what is left."""

    day: date
    order: str | None
    left: Decimal


@dataclass(slots=True)
class _Ledger:
    earned: list[_Earned] = field(default_factory=list)
    spent_by: dict[str, list[tuple[_Earned, Decimal]]] = field(default_factory=dict)
    debt: Decimal = NOTHING


def sign_fits(kind: MovementKind, amount: Decimal) -> bool:
    """Return whether a movement of this kind may have this amount."""
    if kind is MovementKind.EARN:
        return amount > 0
    if kind in (MovementKind.BURN, MovementKind.EXPIRE):
        return amount < 0
    return amount != 0


def affordable(kind: MovementKind, amount: Decimal, spendable: Decimal) -> bool:
    """Return whether what can be spent allows the movement: only a burn needs cover.

    A reversal or an adjustment states what is so, and may leave a debt.
    """
    return kind is not MovementKind.BURN or spendable + amount >= 0


def expired(lines: Iterable[Line], *, today: date, zone: tzinfo) -> Decimal:
    """Return what is left of points that are past their day and not written off."""
    lots = remaining(lines, zone=zone)
    return sum((lot.amount for lot in lots if _is_past(lot, today)), NOTHING)


def expiring(lines: Iterable[Line], *, today: date, zone: tzinfo) -> list[Lot]:
    """Return the lots that can still be spent, soonest expiry first."""
    return [lot for lot in remaining(lines, zone=zone) if not _is_past(lot, today)]


def remaining(lines: Iterable[Line], *, zone: tzinfo) -> list[Lot]:
    """Return what is left of each lot, soonest expiry first, past ones too.

    What is spent comes out of the lot that expires first among those that could be
    spent that day, then out of those past their day, since the source let it be spent;
    what is spent beyond is a debt, which the next points earned pay. A reversal that
    names an order first undoes what that order did: it takes back the points that the
    order gave, or gives back to the lots from which the order was paid. The lots add up
    to the balance unless a debt is left.
    """
    ledger = _Ledger()
    for line in sorted(lines, key=lambda one: (one.at, one.system, one.id)):
        if line.amount > 0:
            _earn(ledger, line)
        else:
            _spend(ledger, line, line.at.astimezone(zone).date())
    left: dict[date, Decimal] = {}
    for one in ledger.earned:
        left[one.day] = left.get(one.day, NOTHING) + one.left
    return [
        Lot(None if day == _NEVER else day, amount)
        for day, amount in sorted(left.items())
        if amount
    ]


def _is_past(lot: Lot, today: date) -> bool:
    return lot.expires_on is not None and lot.expires_on < today


def _earn(ledger: _Ledger, line: Line) -> None:
    paid = min(ledger.debt, line.amount)
    ledger.debt -= paid
    amount = line.amount - paid
    if line.kind == MovementKind.REVERSE and line.order and line.expires_on is None:
        amount = _give_back(ledger.spent_by.get(line.order, []), amount)
    if amount:
        day = line.expires_on or _NEVER
        ledger.earned.append(_Earned(day, line.order, amount))


def _give_back(spent: list[tuple[_Earned, Decimal]], amount: Decimal) -> Decimal:
    """Put points back into the lots they were spent from; return what is over."""
    while spent and amount:
        lot, taken = spent.pop()
        returned = min(taken, amount)
        lot.left += returned
        amount -= returned
        if taken > returned:
            spent.append((lot, taken - returned))
    return amount


def _spend(ledger: _Ledger, line: Line, day: date) -> None:
    amount = -line.amount
    for lot in sorted(ledger.earned, key=lambda one: _spent_first(one, line, day)):
        taken = min(lot.left, amount)
        if taken:
            lot.left -= taken
            amount -= taken
            if line.order and line.kind != MovementKind.REVERSE:
                ledger.spent_by.setdefault(line.order, []).append((lot, taken))
    ledger.debt += amount


def _spent_first(lot: _Earned, line: Line, day: date) -> tuple[bool, bool, date]:
    """Return the rank of a lot for this line; the lowest is taken from first."""
    is_past = lot.day < day
    if line.kind == MovementKind.EXPIRE:
        # the line may be written on the last day, or long after it
        return lot.day > day, False, lot.day
    undone = line.kind == MovementKind.REVERSE and lot.order == line.order is not None
    return not undone, is_past, lot.day
