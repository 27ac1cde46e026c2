"""Dates written in any order, and what a birth date says."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Literal

from matching.placeholders import is_placeholder_date

Order = Literal["YMD", "DMY", "MDY"]

_ISO = re.compile(r"(\d{4})[-/. ]?(\d{2})[-/. ]?(\d{2})(?:[T ].*)?")
_PARTS = re.compile(r"(\d{1,4})[-/. ]+(\d{1,2})[-/. ]+(\d{1,4})(?:[T ].*)?")
_RUN = re.compile(r"(\d{2})(\d{2})(\d{4})")
_PLACES = {"YMD": (0, 1, 2), "DMY": (2, 1, 0), "MDY": (2, 0, 1)}


@lru_cache(maxsize=200_000)
def date_key(text: str, order: Order = "YMD") -> str:
    """Return a written date as YYYY-MM-DD, even one no calendar holds; else empty.

    A mistyped date (month 81) still agrees with its like, so it is kept; a date that
    systems store for want of one is not.
    """
    written = text.strip()
    found = _ISO.fullmatch(written)
    if found:
        year, month, day = found.groups()
    else:
        year, month, day = _by_order(written, order)
    if not year or len(year) != 4 or int(year) == 0:
        return ""
    key = f"{year}-{int(month):02d}-{int(day):02d}"
    try:
        return "" if is_placeholder_date(date.fromisoformat(key)) else key
    except ValueError:
        return "" if set(month + day) == {"0"} else key


def birth_key(day: date | None) -> str:
    """Return a birth date as YYYY-MM-DD; empty if unknown or a stand-in."""
    return "" if day is None or is_placeholder_date(day) else day.isoformat()


def _by_order(written: str, order: Order) -> tuple[str, str, str]:
    found = _PARTS.fullmatch(written)
    if found is None and order != "YMD":
        found = _RUN.fullmatch(written)
    if found is None:
        return "", "", ""
    parts = found.groups()
    if len(parts[0]) == 4:  # the year says where it is
        return parts[0], parts[1], parts[2]
    year, month, day = (parts[i] for i in _PLACES["DMY" if order == "YMD" else order])
    return year, month, day
