"""Loyalty card numbers in one form."""

from __future__ import annotations

from matching.features.placeholders import is_placeholder, is_placeholder_number
from matching.features.text_folding import plain

_TYPED = range(5, 11)
"""Digits of a number that is typed to get to the next field: 00000, 1234567890."""


def card_key(text: str) -> str:
    """Return the letters and digits of a card number; empty if it stands for none."""
    key = "".join(filter(str.isalnum, plain(text))).upper()
    if is_placeholder(key.casefold()):
        return ""
    # of a longer number the last eight may well be 12345678
    is_typed = key.isdigit() and len(key) in _TYPED
    return "" if is_typed and is_placeholder_number(key) else key
