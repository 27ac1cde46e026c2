"""A movement that a channel makes: what its key may, and how it is answered."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from schemas.change_event import RecordKind
from schemas.facts import LoyaltyMovement, MovementKind
from schemas.source_key import SourceKey
from service import loyalty
from service.api.http.context import context
from service.api.http.idempotency import Outcome, caller, refused, require_scope
from service.api.http.problems import ProblemError, invalid_parameter
from service.api.http.read_your_writes import Token
from service.api.models.writes import NewMovement
from service.database.connection.session import Connection
from service.domain.loyalty import sign_fits
from service.loyalty import Moved

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
    """Write the line if it is affordable; a refusal holds for repeats of the request.

    The caller commits.
    """
    line, dated = _line(wanted, key), wanted.at is not None
    try:
        made = loyalty.move(
            connection, line, _movement(wanted), dated=dated, zone=context().zone
        )
    except loyalty.UnknownAccount as error:
        raise ProblemError("not-found", error.detail) from error
    except loyalty.NotDeclared as error:
        raise invalid_parameter(error.field, error.detail) from error
    except loyalty.InsufficientBalance as error:
        balance = plain(error.spendable)
        return refused("insufficient-balance", error.detail, balance=balance)
    except loyalty.DifferentMovement as error:
        return refused("different-movement", error.detail)
    whose = {"customer_id": made.customer_id, "balance": plain(made.spendable)}
    return Outcome(201, {**_written(line, made), **whose})


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


def _movement(wanted: NewMovement) -> LoyaltyMovement:
    return LoyaltyMovement(
        account=wanted.account,
        programme=wanted.programme,
        unit=wanted.unit,
        amount=wanted.amount,
        kind=MovementKind(wanted.kind),
        at=wanted.at or datetime.now(UTC),
        order=wanted.order,
        expires_on=wanted.expires_on,
    )


def _written(line: SourceKey, made: Moved) -> dict[str, Any]:
    return {
        **made.movement.model_dump(mode="json"),
        "key": str(line),
        "amount": plain(made.movement.amount),
        "after": str(Token(RecordKind.MOVEMENT, line, (made.seen.position,))),
    }
