"""Which source's value enters the golden record: a pure function of the records.

Per attribute, invalid values fall out first; the rest are ranked by the attribute's
rules and the first wins. The last rank is the source key, so equal records in any
order give the same golden record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from matching.features.cards import card_key
from matching.features.dates import birth_key
from matching.features.emails import contact_email_key, email_parts
from matching.features.phones import phone_key, phone_parts, phone_region
from matching.features.placeholders import is_placeholder
from matching.features.text_folding import folded
from schemas.golden_record import GoldenRecord
from schemas.source_key import SourceKey
from schemas.source_record import Address, CustomerRecord

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
_NAMES = ("given_name", "family_name", "birth_name")


class Member(NamedTuple):
    """One source record of a cluster, with the time of its latest change."""

    key: SourceKey
    record: CustomerRecord
    changed_at: datetime | None = None

    def stored(self) -> StoredMember:
        """Return the same member with its record as it is stored."""
        record = self.record.model_dump(
            mode="json", exclude_none=True, exclude_defaults=True
        )
        return StoredMember(self.key, record, self.changed_at)


class StoredMember(NamedTuple):
    """A member whose record is JSON as the schema writes it, defaults left out."""

    key: SourceKey
    record: Mapping[str, Any]
    changed_at: datetime | None = None


class _Holder(NamedTuple):
    """A member ready to be asked: its key as text, and when it last changed."""

    key: str
    record: Mapping[str, Any]
    changed_at: str | datetime | None
    recency: datetime


class _Candidate(NamedTuple):
    value: Any
    folded: str
    holder: _Holder


Rank = Callable[[_Candidate, Counter[str]], Any]
_FREQUENT: Rank = lambda c, seen: seen[c.folded]  # noqa: E731
_RECENT: Rank = lambda c, seen: c.holder.recency  # noqa: E731
_COMPLETE: Rank = lambda c, seen: len(c.value)  # noqa: E731

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
_ADDRESS = tuple(Address.model_fields)


def golden_record(members: Iterable[Member]) -> GoldenRecord:
    """Return the golden record of a cluster's source records, with every origin."""
    values = golden_values([member.stored() for member in members])
    return GoldenRecord.model_validate(values)


def golden_values(members: Iterable[StoredMember]) -> dict[str, Any]:
    """Return the golden record as the schema dumps it: JSON values and datetimes.

    Nothing is checked again: all of it comes from checked records.
    """
    holders = [_holder(one) for one in sorted(members, key=lambda one: one.key)]
    origins: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for name, (label, ranks) in RULES.items():
        if winner := _best(_candidates(holders, name), ranks):
            values[name] = winner.value
            origins[name] = _origin(winner.holder, label)
    if "given_name" in values or "family_name" in values:
        values.pop("full_name", None)
        origins.pop("full_name", None)
    if place := _surviving_address(holders):
        values["address"] = {n: place.value[n] for n in _ADDRESS if n in place.value}
        origins["address"] = _origin(place.holder, "most complete, then recent")
    values["emails"] = _contacts(holders, "emails", _email)
    values["phones"] = _contacts(holders, "phones", _phone)
    values["cards"] = _contacts(holders, "cards", _card)
    values["preferences"], preference_origins = _preferences(holders)
    values["owners"] = sorted({o for h in holders if (o := h.record.get("owner"))})
    values["origins"] = origins | preference_origins
    return values


def _holder(member: StoredMember) -> _Holder:
    said = member.record.get("updated_at")
    recency = datetime.fromisoformat(said) if said else member.changed_at
    return _Holder(
        str(member.key), member.record, said or member.changed_at, recency or _LONG_AGO
    )


def region_of(record: Mapping[str, Any]) -> str:
    """Return the region whose habits the phone numbers of a stored record follow."""
    addresses: Sequence[Mapping[str, Any]] = record.get("addresses", ())
    address = max(addresses, key=_completeness, default={})
    return phone_region(address.get("country"), address.get("postal_code"))


def _completeness(address: Mapping[str, Any]) -> int:
    return sum(bool(address.get(part)) for part in ("street", "postal_code", "city"))


def _candidates(holders: Sequence[_Holder], name: str) -> list[_Candidate]:
    return [
        _Candidate(value, value.casefold(), holder)
        for holder in holders
        if (value := holder.record.get(name)) and _says(name, value, holder.record)
    ]


def _says(name: str, value: str, record: Mapping[str, Any]) -> bool:
    """Return whether a value stands for something, as the matcher sees it."""
    if name == "birth_date":
        return bool(birth_key(date.fromisoformat(value)))
    if not is_placeholder(folded(value)):
        return True
    # folded to nothing in Latin letters, it may be a name all the same
    if any(map(str.isalpha, value)) and not folded(value):
        return True
    return name in _NAMES and _is_rare_name(name, value, record)


def _is_rare_name(name: str, value: str, record: Mapping[str, Any]) -> bool:
    """Return whether somebody is called Null or Na: written as a name beside one."""
    other = record.get("given_name" if name == "family_name" else "family_name", "")
    return (
        value.isalpha()
        and value.istitle()
        and bool(other)
        and not is_placeholder(folded(other))
        and other.istitle()
    )


def _best(candidates: list[_Candidate], ranks: Sequence[Rank]) -> _Candidate | None:
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    seen = Counter(candidate.folded for candidate in candidates)
    # max() keeps the first of equals, and candidates come in order of source key
    return max(candidates, key=lambda c: tuple(rank(c, seen) for rank in ranks))


def _origin(holder: _Holder, rule: str) -> dict[str, Any]:
    if holder.changed_at is None:
        return {"source_key": holder.key, "rule": rule}
    return {"source_key": holder.key, "updated_at": holder.changed_at, "rule": rule}


class _Place(NamedTuple):
    value: Mapping[str, Any]
    holder: _Holder


def _surviving_address(holders: Sequence[_Holder]) -> _Place | None:
    """Street, postcode and city survive together: a mix is an address of nobody."""
    places = [
        _Place(address, holder)
        for holder in holders
        for address in map(_said_parts, holder.record.get("addresses", ()))
        if address.get("street") or address.get("postal_code") or address.get("city")
    ]
    return max(
        places,
        key=lambda place: (
            bool(place.value.get("street") and place.value.get("postal_code")),
            place.holder.recency,
        ),
        default=None,
    )


def _said_parts(address: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the address without parts that stand for nothing."""
    return {
        part: value
        for part, value in address.items()
        if not is_placeholder(folded(value))
    }


def written_in(name: str, record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the contacts of a record, each of those that stand in one field."""
    parts_of = {"emails": email_parts, "phones": phone_parts}.get(name)
    for value in record.get(name, ()):
        parts = parts_of(value) if parts_of else ()
        # one alone keeps its remark or extension
        yield from parts if len(parts) > 1 else (value,)


def _email(value: str, holder: _Holder) -> str:
    return contact_email_key(value)


def _phone(value: str, holder: _Holder) -> str:
    return phone_key(value, region_of(holder.record))


def _card(value: str, holder: _Holder) -> str:
    return card_key(value)


def _contacts(
    holders: Sequence[_Holder], name: str, key: Callable[[str, _Holder], str]
) -> list[dict[str, Any]]:
    """Each distinct value once, as its latest holder writes it, the latest first.

    Of a field that holds several (two numbers in a cell) each is one.
    """
    latest: dict[str, tuple[datetime, str]] = {}
    keys: dict[str, list[str]] = {}
    for holder in holders:
        for value in written_in(name, holder.record):
            if not (same := key(value, holder)):
                continue
            held_by = keys.setdefault(same, [])
            if holder.key not in held_by:
                held_by.append(holder.key)
            if same not in latest or latest[same][0] < holder.recency:
                latest[same] = (holder.recency, value)
    order = sorted(latest)
    if len(order) > 1:
        order.sort(key=lambda same: latest[same][0], reverse=True)
    return [{"value": latest[f][1], "source_keys": keys[f]} for f in order]


def _preferences(
    holders: Sequence[_Holder],
) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    chosen: dict[str, tuple[datetime, str, _Holder]] = {}
    for holder in holders:
        for key, value in sorted(holder.record.get("preferences", {}).items()):
            if value and (key not in chosen or chosen[key][0] < holder.recency):
                chosen[key] = (holder.recency, value, holder)
    values = {key: value for key, (_, value, _) in sorted(chosen.items())}
    origins = {
        f"preferences.{key}": _origin(holder, "most recent")
        for key, (_, _, holder) in sorted(chosen.items())
    }
    return values, origins
