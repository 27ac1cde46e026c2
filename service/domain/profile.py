"""The profile document: golden record and facts of one customer, a pure function."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from matching.survivorship import Member, StoredMember, golden_values
from schemas.facts import (
    Consent,
    ConsentStatus,
    Interaction,
    InteractionStatus,
    Order,
)
from schemas.golden_record import (
    Balance,
    CaseView,
    ConsentView,
    GoldenRecord,
    LastContact,
    OrderView,
)
from schemas.source_key import SourceKey
from schemas.text import FrozenModel
from service.domain.cases import case_status

RECENT_ORDERS = 10


class Facts(NamedTuple):
    """What happened to one customer, under the source keys it came with."""

    orders: Sequence[tuple[SourceKey, Order]] = ()
    interactions: Sequence[tuple[SourceKey, Interaction]] = ()
    consents: Sequence[tuple[SourceKey, Consent]] = ()
    balances: Sequence[tuple[str, str, Decimal]] = ()


class _FactsView(FrozenModel):
    loyalty: list[Balance] = []
    open_orders: list[OrderView] = []
    recent_orders: list[OrderView] = []
    open_cases: list[CaseView] = []
    last_contacts: list[LastContact] = []
    consents: list[ConsentView] = []


_NOTHING_HAPPENED = _FactsView().model_dump_json().encode()


def profile_body(members: Sequence[Member], facts: Facts) -> tuple[bytes, GoldenRecord]:
    """Return the profile's JSON without id and version, and its golden record.

    The same members and facts in any order give the same bytes.
    """
    body, values = stored_body([member.stored() for member in members], facts)
    return body, GoldenRecord.model_validate(values)


def stored_body(
    members: Sequence[StoredMember], facts: Facts
) -> tuple[bytes, dict[str, Any]]:
    """Return the same bytes from stored records, and the golden record's values.

    The bytes are those that `schemas.golden_record.Profile` would write: each value
    was checked when its record came, so no model is made of them again.
    """
    golden = golden_values(members)
    keys = sorted(member.key for member in members)
    own = orjson.dumps(
        golden | {"source_keys": [str(key) for key in keys]}, option=orjson.OPT_UTC_Z
    )
    return own[:-1] + b"," + _facts_json(facts)[1:], golden


def _facts_json(facts: Facts) -> bytes:
    if not any(facts):
        return _NOTHING_HAPPENED
    views = [_order_view(key, order) for key, order in facts.orders]
    views.sort(key=lambda view: (view.placed_at, view.key), reverse=True)
    view = _FactsView.model_construct(
        loyalty=_balances(facts.balances),
        open_orders=[view for view in views if view.status.is_open],
        recent_orders=[v for v in views if not v.status.is_open][:RECENT_ORDERS],
        open_cases=_open_cases(facts.interactions),
        last_contacts=_last_contacts(facts.interactions),
        consents=_consents(facts.consents),
    )
    return view.model_dump_json(exclude_none=True).encode()


def document(customer_id: UUID, version: int, body: bytes) -> bytes:
    """Return the finished profile document."""
    return (
        b'{"customer_id":"%s","version":%d,'
        % (
            str(customer_id).encode(),
            version,
        )
        + body[1:]
    )


def body_of(profile: bytes) -> bytes:
    """Return the body of a finished document: what `document` was given."""
    return b"{" + profile.split(b",", 2)[2]


def _order_view(key: SourceKey, order: Order) -> OrderView:
    fulfilment = order.fulfilment
    return OrderView(
        key=key,
        channel=order.channel,
        status=order.status,
        placed_at=order.placed_at,
        fulfilment=fulfilment and fulfilment.kind,
        store=fulfilment and fulfilment.store,
        promised_on=fulfilment and fulfilment.promised_on,
        total=order.total,
        currency=order.currency,
    )


def _balances(rows: Iterable[tuple[str, str, Decimal]]) -> list[Balance]:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for programme, unit, amount in rows:
        sums[programme, unit] += amount
    return [
        Balance(programme=programme, unit=unit, amount=_plain(amount))
        for (programme, unit), amount in sorted(sums.items())
    ]


def _plain(amount: Decimal) -> Decimal:
    """Return the amount without the zeros that storing it added."""
    whole = amount.to_integral_value()
    return whole if amount == whole else amount.normalize()


def _open_cases(
    interactions: Sequence[tuple[SourceKey, Interaction]],
) -> list[CaseView]:
    cases: dict[str, list[tuple[datetime, SourceKey, Interaction]]] = defaultdict(list)
    for key, interaction in interactions:
        if interaction.case_id:
            cases[interaction.case_id].append((interaction.at, key, interaction))
    views = []
    for case_id, contacts in sorted(cases.items()):
        told = [one for *_, one in sorted(contacts, key=lambda contact: contact[:2])]
        latest, status = told[-1], case_status(told)
        if status is not InteractionStatus.CLOSED:
            views.append(
                CaseView(
                    case_id=case_id,
                    channel=latest.channel,
                    subject=latest.subject,
                    status=status,
                    promised_reply_at=latest.promised_reply_at,
                    last_contact_at=latest.at,
                    contacts=len(contacts),
                )
            )
    return views


def _last_contacts(
    interactions: Sequence[tuple[SourceKey, Interaction]],
) -> list[LastContact]:
    latest: dict[str, tuple[tuple[Any, ...], Interaction]] = {}
    for key, interaction in interactions:
        rank = (interaction.at, key)
        if interaction.channel not in latest or latest[interaction.channel][0] < rank:
            latest[interaction.channel] = (rank, interaction)
    return [
        LastContact(
            channel=channel,
            kind=interaction.kind,
            at=interaction.at,
            subject=interaction.subject,
        )
        for channel, (_, interaction) in sorted(latest.items())
    ]


def _consents(consents: Sequence[tuple[SourceKey, Consent]]) -> list[ConsentView]:
    """A withdrawal wins over any consent; else the newest proof stands."""
    standing: dict[tuple[str, str], tuple[tuple[Any, ...], SourceKey, Consent]] = {}
    for key, consent in consents:
        subject = (consent.purpose, consent.channel)
        rank = (consent.status is ConsentStatus.WITHDRAWN, consent.at, key)
        if subject not in standing or standing[subject][0] < rank:
            standing[subject] = (rank, key, consent)
    return [
        ConsentView(
            purpose=purpose,
            channel=channel,
            status=consent.status,
            at=consent.at,
            source_key=key,
        )
        for (purpose, channel), (_, key, consent) in sorted(standing.items())
    ]
