"""Dates written in any order, and what a birth date says."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Literal

from matching.features.placeholders import is_placeholder_date
from matching.features.text_folding import folded

Order = Literal["YMD", "DMY", "MDY"]

_ISO = re.compile(r"(\d{4})[-/. ]?(\d{2})[-/. ]?(\d{2})(?:[T ].*)?")
_PARTS = re.compile(r"(\d{1,4})[-/. ]+(\d{1,2})[-/. ]+(\d{1,4})(?:[T ].*)?")
_PARTIAL = re.compile(r"(\d{4})(?:[-/.](\d{1,2}))?|(\d{1,2})[-/.](\d{4})")
_WORD = re.compile(r"[^\W\d_]+\.?")
_MONTHS = (
    "janv jan janu jane ene genn gen", "fevr feb febr febb fev", "mars mar marc marz "
    "maar maer mrt", "avri avr apri apr abri abr", "mai may mayo magg mag mei",
    "juin jun june juni giug giu", "juil jul july juli lugl lug", "aout aou augu aug "
    "agos ago", "sept sep set sett", "octo oct okto okt ott otto", "nove nov",
    "dece dec deze dez dice dic",
)  # fmt: skip
_MONTH = {word: i + 1 for i, words in enumerate(_MONTHS) for word in words.split()}
_EARLIEST, _LATEST = 1800, 2100
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
    if found and not _ends_with_year(written, order):
        year, month, day = found.groups()
    else:
        year, month, day = _by_order(_in_figures(written), order)
    if not year or len(year) != 4 or int(year) == 0:
        return ""
    key = f"{year}-{int(month):02d}-{int(day):02d}"
    try:
        return "" if is_placeholder_date(date.fromisoformat(key)) else key
    except ValueError:
        return "" if set(month + day) == {"0"} else key


def year_key(text: str) -> str:
    """Return the year of a date of which no more is known (`1975`, `03/1975`)."""
    found = _PARTIAL.fullmatch(text.strip())
    year = (found[1] or found[4]) if found else ""
    return year if year and _likely(year) else ""


def birth_key(day: date | None) -> str:
    """Return a birth date as YYYY-MM-DD; empty if unknown or a stand-in."""
    return "" if day is None or is_placeholder_date(day) else day.isoformat()


def _ends_with_year(written: str, order: Order) -> bool:
    """Say whether eight digits are DDMMYYYY or MMDDYYYY."""
    run = _RUN.fullmatch(written)
    if not run or not _likely(run[3]):
        return False
    return order != "YMD" or not _likely(written[:4])


def _likely(year: str) -> bool:
    return _EARLIEST <= int(year) <= _LATEST


def _in_figures(written: str) -> str:
    """Return a date whose month is a word (`12 mars 1961`) in figures."""
    words = [w for w in _WORD.findall(written) if w not in ("T", "Z")]
    month = _MONTH.get(folded(words[0])[:4]) if len(words) == 1 else None
    figures = re.findall(r"\d+", written)
    if not month or len(figures) != 2:
        return written
    day, year = sorted(figures, key=len)
    return f"{year}-{month:02d}-{int(day):02d}"


def _by_order(written: str, order: Order) -> tuple[str, str, str]:
    found = _PARTS.fullmatch(written) or _RUN.fullmatch(written)
    if found is None:
        return "", "", ""
    parts = found.groups()
    if len(parts[0]) == 4:  # the year says where it is
        return parts[0], parts[1], parts[2]
    year, month, day = (parts[i] for i in _PLACES["DMY" if order == "YMD" else order])
    return year, month, day
