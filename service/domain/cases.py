"""A matter followed across channels: its contacts, its promise, and how it ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from schemas.facts import Interaction, InteractionStatus
from schemas.source_key import SourceKey
from schemas.text import FrozenModel, Time


class PromiseState(StrEnum):
    """What became of the reply that a case was last promised."""

    DUE = "due"
    OVERDUE = "overdue"
    KEPT = "kept"
    BROKEN = "broken"


class Contact(NamedTuple):
    """One interaction of a case, and whether its promise was told to be overdue."""

    at: datetime
    key: SourceKey
    interaction: Interaction
    alerted: bool = False


class Case(FrozenModel):
    """One case of a customer, over every channel in which it was spoken of."""

    case_id: str
    subject: str | None
    status: InteractionStatus
    channels: list[str]
    opened_at: Time
    last_contact_at: Time
    contacts: list[SourceKey]
    orders: list[str]
    resolved_at_first_contact: bool
    promised_reply_at: Time | None
    promise: PromiseState | None


def cases(contacts: Iterable[Contact], *, now: datetime) -> list[Case]:
    """Return the cases of one customer's contacts, the last spoken of first."""
    by_case: dict[str, list[Contact]] = defaultdict(list)
    for contact in contacts:
        if contact.interaction.case_id:
            by_case[contact.interaction.case_id].append(contact)
    found = [_case(case_id, sorted(held), now) for case_id, held in by_case.items()]
    return sorted(found, key=lambda c: (c.last_contact_at, c.case_id), reverse=True)


def _case(case_id: str, contacts: Sequence[Contact], now: datetime) -> Case:
    told = [contact.interaction for contact in contacts]
    promised = [one.promised_reply_at for one in told if one.promised_reply_at]
    status = case_status(told)
    closed = status is InteractionStatus.CLOSED
    return Case(
        case_id=case_id,
        subject=next((one.subject for one in reversed(told) if one.subject), None),
        status=status,
        channels=list(dict.fromkeys(one.channel for one in told)),
        opened_at=contacts[0].at,
        last_contact_at=contacts[-1].at,
        contacts=[contact.key for contact in contacts],
        orders=list(dict.fromkeys(one.order for one in told if one.order)),
        resolved_at_first_contact=closed and len(told) == 1,
        promised_reply_at=promised[-1] if promised else None,
        promise=_promise(contacts, promised[-1], now) if promised else None,
    )


def case_status(told: Sequence[Interaction]) -> InteractionStatus:
    """Return where a case stands after these contacts, the oldest first.

    A contact that says nothing of it leaves it where it stood; a case is opened by its
    first contact.
    """
    said = (one.status for one in reversed(told) if one.status is not None)
    return next(said, InteractionStatus.OPEN)


def _promise(
    contacts: Sequence[Contact], promised: datetime, now: datetime
) -> PromiseState:
    """Return what became of a promise: the next contact that does not repeat it is it.

    A case closed without a further contact tells no time of its reply: it counts as
    kept unless the alert came first.
    """
    places = [
        n for n, one in enumerate(contacts)
        if one.interaction.promised_reply_at == promised
    ]  # fmt: skip
    if places[-1] + 1 < len(contacts):
        kept = contacts[places[-1] + 1].at <= promised
        return PromiseState.KEPT if kept else PromiseState.BROKEN
    if case_status([one.interaction for one in contacts]) is InteractionStatus.CLOSED:
        told = any(contacts[n].alerted for n in places)
        return PromiseState.BROKEN if told else PromiseState.KEPT
    return PromiseState.DUE if now <= promised else PromiseState.OVERDUE
