"""Postal addresses: number, folded street, postcode and town."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from matching.features.placeholders import is_placeholder
from matching.features.text_folding import folded, squeezed

_WORDS = {
    "av": "avenue", "ave": "avenue", "aven": "avenue", "bd": "boulevard",
    "bld": "boulevard", "blvd": "boulevard", "boul": "boulevard", "bvd": "boulevard",
    "r": "rue", "ch": "chemin", "che": "chemin", "chem": "chemin", "pl": "place",
    "plc": "place", "sq": "square", "imp": "impasse", "all": "allee",
    "rte": "route", "crs": "cours", "fg": "faubourg", "fbg": "faubourg",
    "res": "residence", "resid": "residence", "bat": "batiment", "bt": "batiment",
    "lot": "lotissement", "qu": "quai", "pass": "passage", "gen": "general",
    "gal": "general", "mal": "marechal", "cdt": "commandant", "col": "colonel",
    "dr": "docteur", "pdt": "president", "prof": "professeur", "ste": "sainte",
    "rd": "road", "ln": "lane", "ct": "court", "cres": "crescent", "hwy": "highway",
    "pde": "parade", "tce": "terrace", "cct": "circuit", "str": "strasse",
    "c": "calle", "cl": "calle", "v": "via", "pzza": "piazza", "n": "north",
    "s": "south", "e": "east", "w": "west",
}  # fmt: skip
_LITTLE = frozenset("de du des d la le les l the of and et".split())
_NUMBER = re.compile(r"^(\d{1,5})\s*(bis|ter|quater|[a-d])?\b\s*")
_LAST_NUMBER = re.compile(r"\s(\d{1,5}(?: \d{1,3})?)\s*([a-d])?$")
_UNIT = re.compile(
    r"(?:\b(?:apt|apartment|appt|appartement|unit|suite|flat|wohnung|whg)\b\.?|#)"
    r"\s*\d*-?[a-z]?\d*\b",
    re.IGNORECASE,
)
_COUNTRY = re.compile(r"^[a-z]{1,2}\s*-\s*(?=\d)", re.IGNORECASE)
_CEDEX = re.compile(r"\s*\bcedex\b.*$")
_ARRONDISSEMENT = re.compile(r"(?:\s*\b\d+(?:e|er|eme|ere)?(?: arrondissement)?)+$")
_TOWN_WORDS = {"st": "saint", "ste": "sainte"}


class Street(NamedTuple):
    """A street and the number in it, folded; empty where unknown."""

    number: str
    name: str


@lru_cache(maxsize=200_000)
def street_line(number: str | None, street: str | None) -> Street:
    """Return number and street: `12 bis, av. de la Gare` is (12 bis, avenue gare)."""
    line = folded(_UNIT.sub(" ", street)) if street else ""
    known = folded(number or "")
    if is_placeholder(line):
        line = ""
    if not known and (found := _NUMBER.match(line)):
        known = " ".join(filter(None, found.groups()))
        line = line[found.end() :]
    elif not known and (found := _LAST_NUMBER.search(line)):
        known = " ".join(filter(None, found.groups()))
        line = line[: found.start()]
    words = (_WORDS.get(word) or _compound(word) for word in line.split())
    return Street(
        "" if is_placeholder(known) else known,
        " ".join(_saints(word for word in words if word not in _LITTLE)),
    )


@lru_cache(maxsize=100_000)
def postal_code(text: str) -> str:
    """Return a postcode in one form: `F-75 001` is 75001, `sw1a 1aa` is sw1a1aa."""
    code = squeezed(_COUNTRY.sub("", text.strip()))
    if len(code) == 9 and code.isdigit():  # an American code with its route
        code = code[:5]
    if re.fullmatch(r"[a-z]{1,2}\d{4,5}", code) and code[:1] in "fbdlaix":
        code = code.lstrip("fbdlaix")
    if re.fullmatch(r"\d{4}", code) and re.fullmatch(r"0?\d{4}", squeezed(text)):
        return code
    return "" if not code or set(code) <= {"0"} or is_placeholder(code) else code


@lru_cache(maxsize=100_000)
def town(text: str) -> str:
    """Return a town in one form, without district or cedex: `St-Denis CEDEX 2`."""
    name = _ARRONDISSEMENT.sub("", _CEDEX.sub("", folded(text)))
    words = [_TOWN_WORDS.get(word, word) for word in name.split()]
    name = " ".join(words)
    return "" if is_placeholder(name) else name


def _compound(word: str) -> str:
    """Return a German street written in one word in full: hauptstr, hauptstrasse."""
    return f"{word}asse" if len(word) > 5 and word.endswith("str") else word


def _saints(words: object) -> list[str]:
    # `st` is a saint before a name and a street at the end of a line.
    listed = list(words)  # type: ignore[call-overload]
    return [
        ("street" if i == len(listed) - 1 and i else "saint") if word == "st" else word
        for i, word in enumerate(listed)
    ]
