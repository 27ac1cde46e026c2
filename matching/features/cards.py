"""Loyalty card numbers in one form."""

from __future__ import annotations

from matching.features.placeholders import is_placeholder, is_placeholder_number
from matching.features.text_folding import plain


def card_key(text: str) -> str:
    """Return the letters and digits of a card number; empty if it stands for none."""
    key = "".join(filter(str.isalnum, plain(text))).upper()
    is_junk = key.isdigit() and is_placeholder_number(key)
    return "" if is_junk or is_placeholder(key.casefold()) else key
