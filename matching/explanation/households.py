"""Who shares a life with whom: a relation between customers, never a reason to merge.

Two customers are of one household if they share a home and a family name, or a
contact, and are told apart by first name or birth date.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from string import ascii_lowercase
from typing import NamedTuple

from matching.features.normalise import Features
from matching.features.similarity import near, one_keystroke
from matching.model.blocking import SEPARATOR, hashed

MOST_RECORDS = 30
"""A contact of more records belongs to a shop, an address to a hostel."""


class SharedAttribute(StrEnum):
    """What two customers share."""

    HOME = "home"
    EMAIL = "email"
    PHONE = "phone"
    CARD = "card"


_CONTACTS = {
    SharedAttribute.EMAIL: "emails",
    SharedAttribute.PHONE: "phones",
    SharedAttribute.CARD: "cards",
}


class Shared(NamedTuple):
    """One thing that two customers share, as the matcher reads it."""

    tie: SharedAttribute
    value: str


def keys_to_ask(records: Iterable[Features]) -> set[int]:
    """Return the blocking keys under which whoever shares a life is found.

    The rule `home` has a key for each address and first initial.
    """
    keys = set()
    for record in records:
        for tie, column in _CONTACTS.items():
            for value in record.get(column) or ():
                keys.add(hashed(SEPARATOR.join((tie, value))))
        if address := record.get("address"):
            for initial in ascii_lowercase:
                keys.add(hashed(SEPARATOR.join(("home", address, initial))))
    return keys


def shared_attributes(
    left: Sequence[Features], right: Sequence[Features]
) -> list[Shared]:
    """Return what two customers share, in order; nothing if they may be one person."""
    if not _told_apart(left, right):
        return []
    found = _homes(left) & _homes(right)
    ties = {Shared(SharedAttribute.HOME, address) for address, _ in found}
    for tie, column in _CONTACTS.items():
        common = _values(left, column) & _values(right, column)
        ties |= {Shared(tie, value) for value in common}
    return sorted(ties)


def _told_apart(left: Sequence[Features], right: Sequence[Features]) -> bool:
    born = _values(left, "birth_date"), _values(right, "birth_date")
    if all(born) and not any(near(a, b, "date") for a in born[0] for b in born[1]):
        return True
    given = _values(left, "given_roots"), _values(right, "given_roots")
    return all(given) and not any(
        a == b or one_keystroke(a, b) for a in given[0] for b in given[1]
    )


def _homes(records: Sequence[Features]) -> set[tuple[str, str]]:
    return {
        (record["address"], record["family_sound"])
        for record in records
        if record.get("address") and record.get("family_sound")
    }


def _values(records: Sequence[Features], column: str) -> set[str]:
    found: set[str] = set()
    for record in records:
        value = record.get(column) or []
        found |= set(value if isinstance(value, list) else [value])
    return found
