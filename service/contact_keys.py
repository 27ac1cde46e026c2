"""The form in which an e-mail, phone or card is stored to be found again.

The resolver writes `contact_key` rows with it and the API looks them up with it: one
function, so that they cannot disagree.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Literal

import phonenumbers

ContactKind = Literal["email", "phone", "card"]

HOME_REGION = "FR"
LONGEST_KEY = 320


def contact_key(kind: ContactKind, value: str, *, region: str = HOME_REGION) -> str:
    """Return the value as it is looked up; empty if there is nothing to find by."""
    text = unicodedata.normalize("NFKC", value).strip()
    return _FORMS[kind](text, region)[:LONGEST_KEY]


def _email(text: str, region: str) -> str:
    return text.casefold()


def _phone(text: str, region: str) -> str:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return _kept(str.isdigit, text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _card(text: str, region: str) -> str:
    return _kept(str.isalnum, text).upper()


def _kept(keep: Callable[[str], bool], text: str) -> str:
    return "".join(filter(keep, text))


_FORMS: dict[str, Callable[[str, str], str]] = {
    "email": _email,
    "phone": _phone,
    "card": _card,
}
