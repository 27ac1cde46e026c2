"""The form in which an e-mail, phone or card is stored to be found again.

The resolver writes `contact_key` rows with it and the API looks them up with it: one
function, so that they cannot disagree. The forms are the matcher's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from matching.features.cards import card_key
from matching.features.emails import contact_email_key
from matching.features.phones import phone_key
from matching.survivorship import region_of, written_in

ContactKind = Literal["email", "phone", "card"]
_FIELDS: tuple[tuple[ContactKind, str], ...] = (
    ("email", "emails"),
    ("phone", "phones"),
    ("card", "cards"),
)

LONGEST_KEY = 320


def contact_key(kind: ContactKind, value: str) -> str:
    """Return the value as it is looked up; empty if there is nothing to find by."""
    return _FORMS[kind](value)[:LONGEST_KEY]


def keys_of(record: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the (kind, key) pairs by which a customer of this record is found.

    A phone is found as its region dials it and as ours does.
    """
    region = region_of(record)
    found: set[tuple[str, str]] = {
        ("phone", phone_key(value, region)[:LONGEST_KEY])
        for value in written_in("phones", record)
    }
    for kind, name in _FIELDS:
        found |= {(kind, contact_key(kind, v)) for v in written_in(name, record)}
    return {(kind, key) for kind, key in found if key}


_FORMS: dict[str, Callable[[str], str]] = {
    "email": contact_email_key,
    "phone": phone_key,
    "card": card_key,
}
