"""Which source's value enters the golden record: a pure function of the records.

Per attribute, invalid values fall out first; the rest are ranked by the attribute's
rules and the first wins. The last rank is the source key, so equal records in any
order give the same golden record.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from schemas.golden_record import AttributeOrigin, Contact, GoldenRecord
from schemas.source_key import SourceKey
from schemas.source_record import Address, CustomerRecord

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
_EARLIEST_BIRTH = date(1900, 1, 2)  # 1 January 1900 is what a till sends for "unknown"
_PLACEHOLDER = re.compile(r"^(?:n/?a|null|none|inconnu|unknown|x+|\?+|-+|\.+)$", re.I)


class Member(NamedTuple):
    """One source record of a cluster, with the time of its latest change."""

    key: SourceKey
    record: CustomerRecord
    changed_at: datetime | None = None

    @property
    def recency(self) -> datetime:
        """When the source last touched the record, as well as we know."""
        return self.record.updated_at or self.changed_at or _LONG_AGO


class _Candidate(NamedTuple):
    value: Any
    folded: str
    member: Member


Rank = Callable[[_Candidate, Counter[str]], Any]
_FREQUENT: Rank = lambda c, seen: seen[c.folded]  # noqa: E731
_RECENT: Rank = lambda c, seen: c.member.recency  # noqa: E731
_COMPLETE: Rank = lambda c, seen: len(str(c.value))  # noqa: E731

RULES: dict[str, tuple[str, tuple[Rank, ...]]] = {
    "title": ("most recent", (_RECENT,)),
    "given_name": ("most frequent, then complete", (_FREQUENT, _COMPLETE, _RECENT)),
    "family_name": ("most recent, then frequent", (_RECENT, _FREQUENT)),
    "birth_name": ("most frequent, then recent", (_FREQUENT, _RECENT)),
    "full_name": ("most frequent, then recent", (_FREQUENT, _RECENT)),
    "gender": ("most frequent, then recent", (_FREQUENT, _RECENT)),
    "birth_date": ("most frequent, then recent", (_FREQUENT, _RECENT)),
    "language": ("most recent", (_RECENT,)),
}


def golden_record(members: Iterable[Member]) -> GoldenRecord:
    """Return the golden record of a cluster's source records, with every origin."""
    ordered = sorted(members, key=lambda member: member.key)
    origins: dict[str, AttributeOrigin] = {}
    values: dict[str, Any] = {}
    for name, (label, ranks) in RULES.items():
        winner = _best(_candidates(ordered, name), ranks)
        if winner:
            values[name] = winner.value
            origins[name] = _origin(winner.member, label)
    if "given_name" in values or "family_name" in values:
        values.pop("full_name", None)
        origins.pop("full_name", None)
    if place := _surviving_address(ordered):
        values["address"] = place.value
        origins["address"] = _origin(place.member, "most complete, then recent")
    preferences, preference_origins = _preferences(ordered)
    # nothing below needs checking: all of it comes from checked records
    return GoldenRecord.model_construct(
        **values,
        emails=_contacts(ordered, "emails", fold_email),
        phones=_contacts(ordered, "phones", fold_phone),
        cards=_contacts(ordered, "cards", fold_card),
        preferences=preferences,
        owners=sorted({m.record.owner for m in ordered if m.record.owner}),
        origins=origins | preference_origins,
    )


def fold_email(value: str) -> str | None:
    """Return the form in which two spellings of an e-mail address are equal."""
    folded = value.strip().casefold()
    return folded if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", folded) else None


def fold_phone(value: str) -> str | None:
    """Return the last nine digits, equal for +33 6…, 0033 6… and 06…."""
    digits = re.sub(r"\D", "", value)
    return digits[-9:] if len(digits) >= 6 and len(set(digits)) > 2 else None


def fold_card(value: str) -> str | None:
    """Return the letters and digits of a card number."""
    return re.sub(r"[^0-9A-Z]", "", value.upper()) or None


def _candidates(members: Sequence[Member], name: str) -> list[_Candidate]:
    found = []
    for member in members:
        value = getattr(member.record, name)
        if _valid(value):
            found.append(_Candidate(value, str(value).casefold(), member))
    return found


def _valid(value: Any) -> bool:
    if isinstance(value, date):
        return value >= _EARLIEST_BIRTH
    return bool(value) and not _PLACEHOLDER.match(value)


def _best(candidates: list[_Candidate], ranks: Sequence[Rank]) -> _Candidate | None:
    seen = Counter(candidate.folded for candidate in candidates)
    # max() keeps the first of equals, and candidates come in order of source key
    return max(
        candidates, key=lambda c: tuple(rank(c, seen) for rank in ranks), default=None
    )


def _origin(member: Member, rule: str) -> AttributeOrigin:
    changed = member.record.updated_at or member.changed_at
    return AttributeOrigin.model_construct(
        source_key=member.key, updated_at=changed, rule=rule
    )


class _Place(NamedTuple):
    value: Address
    member: Member


def _surviving_address(members: Sequence[Member]) -> _Place | None:
    """Street, postcode and city survive together: a mix is an address of nobody."""
    places = [
        _Place(address, member) for member in members for address in _addresses(member)
    ]
    return max(
        places,
        key=lambda place: (
            bool(place.value.street and place.value.postal_code),
            place.member.recency,
        ),
        default=None,
    )


def _addresses(member: Member) -> list[Address]:
    return [
        address
        for address in member.record.addresses
        if address.street or address.postal_code or address.city
    ]


def _contacts(
    members: Sequence[Member], name: str, fold: Callable[[str], str | None]
) -> list[Contact]:
    """Each distinct value once, as its latest holder writes it, the latest first."""
    latest: dict[str, tuple[datetime, str]] = {}
    holders: dict[str, list[SourceKey]] = {}
    for member in members:
        for value in getattr(member.record, name):
            if (folded := fold(value)) is None:
                continue
            holders.setdefault(folded, [])
            if member.key not in holders[folded]:
                holders[folded].append(member.key)
            if folded not in latest or latest[folded][0] < member.recency:
                latest[folded] = (member.recency, value)
    order = sorted(latest, key=lambda folded: folded)
    order.sort(key=lambda folded: latest[folded][0], reverse=True)
    return [
        Contact.model_construct(value=latest[f][1], source_keys=holders[f])
        for f in order
    ]


def _preferences(
    members: Sequence[Member],
) -> tuple[dict[str, str], dict[str, AttributeOrigin]]:
    chosen: dict[str, tuple[datetime, str, Member]] = {}
    for member in members:
        for key, value in sorted(member.record.preferences.items()):
            if value and (key not in chosen or chosen[key][0] < member.recency):
                chosen[key] = (member.recency, value, member)
    values = {key: value for key, (_, value, _) in sorted(chosen.items())}
    origins = {
        f"preferences.{key}": _origin(member, "most recent")
        for key, (_, _, member) in sorted(chosen.items())
    }
    return values, origins
