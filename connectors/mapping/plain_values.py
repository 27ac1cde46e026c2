"""What spreadsheets, exports and data frames make of plain values, read back.

Numbers that lost their form (2042.0, 2.99001E+12), amounts with the spaces and signs of
a country, and words for yes and no.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

from connectors.mapping.errors import Unreadable

_EXACT = 2**53
"""Up to here a float holds every whole number."""

_WHOLE = re.compile(r"[+-]?\d+\.0")
_ROUNDED = re.compile(r"[+-]?\d(?:[.,]\d+)?E\+\d{2,3}", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_UUID_LENGTH = 36
_HEXADECIMAL = re.compile(r"(?:0x|\\x)[0-9a-fA-F]+", re.IGNORECASE)

_TRUE = frozenset("1 1.0 true t yes y oui o on vrai v ja j si s sim x".split())
_FALSE = frozenset(
    "0 false f no n non off faux nein nee não nao null none nil nan n/a - 0.0".split()
)
_DATE = re.compile(r"(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})(?!\d).*")
_NO_DATE = re.compile(r"0{4}-0{2}-0{2}.*|0{2}[./-]0{2}[./-]0{4}.*")
_EARLIEST_TIME = 10_000
"""Days since 1970 of 1997, the least of what a number that is a time may be."""

_SPACES = re.compile(r"[\s\u00a0\u202f\u2007\u2009'\u2019_]")
_CURRENCY = re.compile(r"^(?:[A-Z]{3}|[€$£¥])|(?:[A-Z]{3}|[€$£¥])$", re.IGNORECASE)
_NOT_FINITE = frozenset({"nan", "inf", "infinity"})
_MINUS = re.compile("[\u2212\u2013\u2012]")
AMOUNT_DECIMALS = 4
_LARGEST_EXPONENT = 13


def is_true(value: Any) -> bool:
    """Return whether a flag, or a time at which something was done, says yes.

    True are yes, 1, a day or a time, and what a list or an object holds; false are no,
    0, and nothing. Raise Unreadable for what is neither.
    """
    if value is None or isinstance(value, (bool, list, dict)):
        return bool(value)
    if isinstance(value, (int, float)):
        return _is_true_number(value)
    text = str(value).strip().casefold()
    if not text or text in _FALSE or _NO_DATE.fullmatch(text):
        return False
    if text in _TRUE or _DATE.fullmatch(text):
        return True
    try:
        return _is_true_number(int(text))
    except ValueError:
        raise Unreadable("is neither clearly true nor clearly false") from None


def _is_true_number(value: float) -> bool:
    if value in (0, 1):
        return value == 1
    if math.isnan(value):
        return False
    if math.isfinite(value) and value >= _EARLIEST_TIME:
        return True  # a time
    raise Unreadable("is a number that is neither 0 nor 1 nor a time")


def identifier(value: Any) -> Any:
    """Return an id, card or number as its source means it; lists item by item.

    A whole number that became a float is whole again (2042.0 is 2042). One that was
    rounded (2.99001E+12) is None, and in a list nothing: it would be the same for many.
    """
    if isinstance(value, str):
        return _written_identifier(value.strip())
    if isinstance(value, list):
        found = [identifier(item) for item in value]
        return [item for item in found if item is not None]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value) or abs(value) >= _EXACT:
            return None
        return str(int(value)) if value.is_integer() else repr(value)
    return value


def _written_identifier(text: str) -> str | None:
    if text.endswith(".0") and _WHOLE.fullmatch(text):
        return text[:-2]
    return None if "+" in text[2:] and _ROUNDED.fullmatch(text) else text


def key_text(value: Any) -> str | None:
    """Return the id of a source key as text, None if there is none.

    The same for a record's own id and for every reference to it: without the spaces
    that pad it, hexadecimal in small letters, the parts of a composite key joined by
    `/`. Raise Unreadable for a number that a spreadsheet rounded.
    """
    if isinstance(value, str) and value.isdecimal():
        return value
    if isinstance(value, list):
        parts = [key_text(part) for part in value]
        if not parts or any(part is None for part in parts):
            return None
        return "/".join(str(part).replace("/", "%2F") for part in parts)
    if isinstance(value, (bool, dict)):
        raise Unreadable("is no text or number")
    found = identifier(value)
    if found is None:
        if value is None:
            return None
        raise Unreadable("was rounded, as spreadsheets do: the digits are lost")
    text = str(found)
    is_hexadecimal = len(text) == _UUID_LENGTH and _UUID.fullmatch(text)
    if is_hexadecimal or (text[1:2] in "xX" and _HEXADECIMAL.fullmatch(text)):
        return text.lower()
    return text or None


def amount(value: Any, *, comma: bool) -> Decimal | None:
    """Return a number; None for what is written for want of one (NaN, infinity).

    A number is itself: only text has a decimal comma, thousands, a currency, a minus
    after the digits. It has at most four decimals, rounded half even. Raise Unreadable
    for what is no number.
    """
    if isinstance(value, bool):
        raise Unreadable("is no number")
    text = str(value)
    if not isinstance(value, (int, float, Decimal)):
        text = _written_amount(text, comma=comma)
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise Unreadable("is no number") from None
    if not found.is_finite():
        return None
    if found.adjusted() > _LARGEST_EXPONENT:
        raise Unreadable("is a number too large for an amount")
    exponent = found.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -AMOUNT_DECIMALS:
        return found.quantize(Decimal(1).scaleb(-AMOUNT_DECIMALS), ROUND_HALF_EVEN)
    return found


def _written_amount(text: str, *, comma: bool) -> str:
    text = _MINUS.sub("-", _SPACES.sub("", text))
    if text.lstrip("+-").casefold() in _NOT_FINITE:
        return text
    sign = ""
    if text.startswith("(") and text.endswith(")"):
        sign, text = "-", text[1:-1]
    text = _CURRENCY.sub("", text)
    if text.endswith("-"):
        sign, text = "-", text[:-1]
    text = _CURRENCY.sub("", text)
    if text.startswith(("-", "+")):
        rest = _CURRENCY.sub("", text[1:])
        text = text[0] + rest
    if comma:
        text = text.replace(".", "").replace(",", ".")
    return sign + text
