"""A movement that a channel makes: what it may, what the balance covers, one line."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any
from uuid import UUID

from schemas.change_event import RecordKind
from schemas.facts import LoyaltyMovement, MovementKind
from schemas.source_key import SourceKey
from service.api.http.idempotency import Outcome, caller, refused, require_scope
from service.api.http.problems import ProblemError, invalid_parameter
from service.api.http.read_your_writes import Token
from service.api.models.writes import NewMovement
from service.database.connection.session import Connection
from service.database.facts import movements, programmes
from service.database.facts.movements import Now
from service.domain.loyalty import affordable, sign_fits

OWN_SYSTEM = "couture"
"""The system of ledger lines that exist nowhere but here."""

_LINES = UUID("6d1f0c1e-6d8c-4a51-9a43-0f4b6f1f6a7e")
_SCOPES = {
    "earn": "loyalty:earn",
    "adjust": "loyalty:adjust",
    "reverse": "loyalty:adjust",
}


def check(wanted: NewMovement) -> None:
    """Refuse a movement that the caller may not make, or that contradicts itself."""
    if wanted.kind in _SCOPES:
        require_scope(_SCOPES[wanted.kind])
    if not sign_fits(MovementKind(wanted.kind), wanted.amount):
        raise invalid_parameter("amount", f"has the wrong sign to {wanted.kind}")


def move(connection: Connection, wanted: NewMovement, *, key: str) -> Outcome:
    """Write the line if the balance covers it; the caller commits."""
    line = _line(wanted, key)
    holder = movements.lock_holder(connection, wanted.account)
    if holder is None:
        raise ProblemError("not-found", "No customer holds this account.")
    _require_declared(connection, wanted)
    seen = movements.now(connection)
    movement = _movement(wanted, seen)
    held = movements.balance(
        connection, holder.customer_id, programme=wanted.programme, unit=wanted.unit
    )
    if not movements.stands(connection, line):
        if not affordable(movement.kind, movement.amount, held):
            return refused(
                "insufficient-balance",
                "The balance does not cover this movement.",
                balance=plain(held),
            )
        held += movement.amount
    if not movements.add(
        connection, line, movement, record_id=holder.record_id, seen=seen
    ):
        return refused("different-movement", "Another movement has this id.")
    answer = _told(line, movement, seen)
    return Outcome(
        201, {**answer, "customer_id": holder.customer_id, "balance": plain(held)}
    )


def _require_declared(connection: Connection, wanted: NewMovement) -> None:
    """Refuse a programme or unit that nobody knows: it would make a new balance."""
    if programmes.is_declared(connection, wanted.programme, wanted.unit):
        return
    known = programmes.listed(connection)
    if units := [one.unit for one in known if one.programme == wanted.programme]:
        raise invalid_parameter(
            "unit", f"is not declared for this programme; declared: {', '.join(units)}"
        )
    names = ", ".join(sorted({one.programme for one in known})) or "none"
    raise invalid_parameter("programme", f"is not declared; declared: {names}")


def plain(amount: Decimal) -> str:
    """Return an amount as the ledger shows it, without the zeros storing it added."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _line(wanted: NewMovement, key: str) -> SourceKey:
    """Return the line's key: the channel's own id, or one that its key gives."""
    channel = caller().channel
    try:
        if wanted.id is not None:
            return SourceKey(channel, wanted.id)
    except ValueError as error:
        raise ProblemError("forbidden", "The key's channel is no system.") from error
    name = uuid.uuid5(_LINES, f"{channel}\n{key}")
    return SourceKey(OWN_SYSTEM, str(name))


def _movement(wanted: NewMovement, seen: Now) -> LoyaltyMovement:
    return LoyaltyMovement(
        account=wanted.account,
        programme=wanted.programme,
        unit=wanted.unit,
        amount=wanted.amount,
        kind=MovementKind(wanted.kind),
        at=wanted.at or seen.at,
        order=wanted.order,
        expires_on=wanted.expires_on,
    )


def _told(line: SourceKey, movement: LoyaltyMovement, seen: Now) -> dict[str, Any]:
    return {
        **movement.model_dump(mode="json"),
        "key": str(line),
        "amount": plain(movement.amount),
        "after": str(Token(RecordKind.MOVEMENT, line, (seen.position,))),
    }
