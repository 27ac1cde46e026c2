"""Where an order stands, how it came there, and whether what was promised was kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from functools import cache
from typing import NamedTuple

from schemas.facts import FulfilmentKind, Order, OrderStatus, StatusChange

S = OrderStatus
NEXT: dict[OrderStatus, frozenset[OrderStatus]] = {
    S.PLACED: frozenset({S.PAID, S.PREPARING, S.CANCELLED}),
    S.PAID: frozenset({S.PREPARING, S.COLLECTED, S.CANCELLED}),
    S.PREPARING: frozenset({S.READY_FOR_PICKUP, S.SHIPPED, S.CANCELLED}),
    # a parcel may go to a store, and there wait for the customer
    S.SHIPPED: frozenset({S.DELIVERED, S.READY_FOR_PICKUP, S.RETURNED, S.CANCELLED}),
    S.READY_FOR_PICKUP: frozenset({S.COLLECTED, S.CANCELLED}),
    S.DELIVERED: frozenset({S.RETURNED, S.REFUNDED}),
    S.COLLECTED: frozenset({S.RETURNED, S.REFUNDED}),
    S.RETURNED: frozenset({S.REFUNDED}),
    S.CANCELLED: frozenset({S.REFUNDED}),
    S.REFUNDED: frozenset(),
}
"""The direct steps; a source that is polled may skip some."""

_KEPT_BY = {
    FulfilmentKind.PICKUP: frozenset({S.READY_FOR_PICKUP, S.COLLECTED}),
    FulfilmentKind.DELIVERY: frozenset({S.DELIVERED}),
    FulfilmentKind.IN_STORE: frozenset({S.COLLECTED, S.DELIVERED}),
}
_AFTERWARDS = frozenset({S.RETURNED, S.REFUNDED})


class Told(NamedTuple):
    """A status that the source told of, at its place in the source."""

    position: tuple[int, ...]
    status: OrderStatus
    at: datetime | None


class Step(NamedTuple):
    """One step of an order; an illegal one is kept, because the source took it."""

    status: OrderStatus
    at: datetime | None
    legal: bool


class Promise(NamedTuple):
    """Whether an order is late, and by how many days so far; None if nobody knows."""

    late: bool | None
    days_late: int | None


UNKNOWN = Promise(None, None)


@cache
def reachable(status: OrderStatus) -> frozenset[OrderStatus]:
    """Return every status that may come after this one, sooner or later."""
    after = NEXT[status]
    return after.union(*(reachable(one) for one in after))


def steps(told: Iterable[Told], history: Iterable[StatusChange] = ()) -> list[Step]:
    """Return the steps of an order by their places in the source.

    The order in which they arrived plays no part. Where a source keeps a history, that
    says when a step was taken; without anything told, it gives the steps too. A payment
    may come whenever (cash on delivery), and leaves the order where it is.
    """
    known = {change.status: change.at for change in history}
    found = sorted(told) or [
        Told((), change.status, change.at)
        for change in sorted(history, key=lambda change: change.at)
    ]
    taken: list[Step] = []
    before: OrderStatus | None = None
    for one in found:
        if taken and one.status is taken[-1].status:
            continue
        paid_later = (
            one.status is S.PAID
            and before is not None
            and not before.is_before_fulfilment
            and not any(step.status is S.PAID for step in taken)
        )
        legal = before is None or paid_later or one.status in reachable(before)
        taken.append(Step(one.status, known.get(one.status, one.at), legal))
        before = before if paid_later else one.status
    return taken


def promise(
    order: Order, taken: Iterable[Step], *, now: datetime, zone: tzinfo
) -> Promise:
    """Return whether the promised day passed, in the retailer's own time zone.

    A pickup is kept when the order waits in the store. A cancelled order is not late,
    and one that was fulfilled on a day that no source told of is not known to be.
    """
    fulfilment = order.fulfilment
    if not fulfilment or not fulfilment.promised_on or order.status is S.CANCELLED:
        return UNKNOWN
    keeping = _KEPT_BY[fulfilment.kind]
    dates = _dates(order, taken, keeping, zone)
    if dates:
        kept = _by(min(dates.values()), fulfilment.promised_on)
        # collected too late says nothing of the day from which it waited
        unseen = S.READY_FOR_PICKUP in keeping and S.READY_FOR_PICKUP not in dates
        return UNKNOWN if kept.late and unseen else kept
    if order.status in keeping | _AFTERWARDS:
        return UNKNOWN
    return _by(now.astimezone(zone).date(), fulfilment.promised_on)


def _dates(
    order: Order, taken: Iterable[Step], wanted: frozenset[OrderStatus], zone: tzinfo
) -> dict[OrderStatus, date]:
    """Return the first day of each of the wanted statuses that is known."""
    told = [(change.status, change.at) for change in order.status_history]
    told += [(step.status, step.at) for step in taken if step.at]
    found: dict[OrderStatus, date] = {}
    for status, at in told:
        if status in wanted:
            day = at.astimezone(zone).date()
            found[status] = min(day, found.get(status, day))
    return found


def _by(day: date, promised: date) -> Promise:
    late = (day - promised).days
    return Promise(late > 0, max(0, late))
