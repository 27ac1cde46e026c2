"""A channel moves points: one line of the ledger, if what can be spent covers it."""

from __future__ import annotations

from datetime import datetime, tzinfo
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from schemas.facts import LoyaltyMovement
from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.facts import movements, programmes
from service.database.facts.movements import Now
from service.domain import loyalty
from service.errors import ServiceError


class UnknownAccount(ServiceError):
    """No customer holds the account: check its key."""


class NotDeclared(ServiceError):
    """Nobody declared the programme, or its unit: it would make a new balance."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


class InsufficientBalance(ServiceError):
    """A burn is not covered by what can be spent."""

    def __init__(self, spendable: Decimal) -> None:
        super().__init__("The balance does not cover this movement.")
        self.spendable = spendable


class DifferentMovement(ServiceError):
    """Another line has this key: a ledger line never changes."""


class Moved(NamedTuple):
    """A line that is in the ledger now, when, of whom, and what can be spent after."""

    movement: LoyaltyMovement
    seen: Now
    customer_id: UUID
    spendable: Decimal


def move(
    connection: Connection,
    line: SourceKey,
    wanted: LoyaltyMovement,
    *,
    dated: bool,
    zone: tzinfo,
) -> Moved:
    """Write the line if it is affordable; a repeat of it changes nothing.

    One that is not `dated` gets the database's time. The caller commits. Raise
    UnknownAccount, NotDeclared, InsufficientBalance or DifferentMovement.
    """
    holder = movements.lock_holder(connection, wanted.account)
    if holder is None:
        raise UnknownAccount("No customer holds this account.")
    _require_declared(connection, wanted)
    seen = movements.now(connection)
    movement = wanted if dated else wanted.model_copy(update={"at": seen.at})
    which = {"programme": wanted.programme, "unit": wanted.unit}
    held = movements.balance(connection, holder.customer_id, **which)
    held -= expired(connection, holder.customer_id, **which, now=seen.at, zone=zone)
    if not movements.exists(connection, line):
        if not loyalty.affordable(movement.kind, movement.amount, held):
            raise InsufficientBalance(held)
        held += movement.amount
    if not movements.add(
        connection, line, movement, record_id=holder.record_id, seen=seen
    ):
        raise DifferentMovement("Another movement has this id.")
    return Moved(movement, seen, holder.customer_id, held)


def expired(
    connection: Connection,
    customer_id: UUID,
    *,
    programme: str,
    unit: str,
    now: datetime,
    zone: tzinfo,
) -> Decimal:
    """Return what a customer's balance holds of points that are past their day."""
    today = now.astimezone(zone).date()
    which = {"programme": programme, "unit": unit}
    if not movements.has_expired(connection, customer_id, **which, today=today):
        return loyalty.NOTHING
    lines = movements.lines_of(connection, customer_id)[programme, unit]
    return loyalty.expired(lines, today=today, zone=zone)


def _require_declared(connection: Connection, wanted: LoyaltyMovement) -> None:
    if programmes.is_declared(connection, wanted.programme, wanted.unit):
        return
    known = programmes.listed(connection)
    if units := [one.unit for one in known if one.programme == wanted.programme]:
        declared = ", ".join(units)
        raise NotDeclared(
            "unit", f"is not declared for this programme; declared: {declared}"
        )
    names = ", ".join(sorted({one.programme for one in known})) or "none"
    raise NotDeclared("programme", f"is not declared; declared: {names}")
