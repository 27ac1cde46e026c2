"""The form in which an e-mail, phone or card is stored to be found again.

The resolver writes `contact_key` rows with it and the API looks them up with it: one
function, so that they cannot disagree. The forms are the matcher's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from matching.features.emails import email_key
from matching.features.phones import phone_key
from matching.features.text_folding import plain

ContactKind = Literal["email", "phone", "card"]

LONGEST_KEY = 320


def contact_key(kind: ContactKind, value: str) -> str:
    """Return the value as it is looked up; empty if there is nothing to find by."""
    return _FORMS[kind](value)[:LONGEST_KEY]


def _card(text: str) -> str:
    return "".join(filter(str.isalnum, plain(text))).upper()


_FORMS: dict[str, Callable[[str], str]] = {
    "email": email_key,
    "phone": phone_key,
    "card": _card,
}
