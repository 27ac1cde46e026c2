"""Postal addresses: number, folded street, postcode and town."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from matching.features.placeholders import is_placeholder
from matching.features.text_folding import folded, single_spaced, squeezed
from schemas.source_record import Address

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
_LITTLE = frozenset("de du des d la le les l of the and et".split())
_LETTER = r"(?:\s*(bis|ter|quater|[a-d])\b)?"
_NUMBER = re.compile(rf"^(?:n|no|ndeg|num|numero)?\s*(\d{{1,5}}){_LETTER}\b\s*")
_LAST_NUMBER = re.compile(r"\s(\d{1,5}(?: \d{1,3})?)\s*([a-d])?$")
_TYPES = (
    "rue r avenue av ave boulevard bd bld blvd chemin che ch place pl square sq impasse"
    " imp allee all route rte cours crs quai passage faubourg fg sentier ruelle venelle"
    " esplanade promenade mail villa cite hameau residence rond"
)
_INNER_NUMBER = re.compile(
    rf"\b(\d{{1,5}}){_LETTER}\s+(?=(?:{'|'.join(_TYPES.split())})\b)"
)
"""A number before the kind of a street: what stands before it is a building."""
_MONTHS = frozenset(
    """
    janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
    january february march april may june july august september october november
    december januar februar marz juni juli oktober dezember enero febrero marzo abril
    mayo junio julio agosto septiembre octubre noviembre diciembre gennaio febbraio
    aprile maggio giugno luglio settembre ottobre dicembre
    """.split()
)
_ROADS = frozenset("departementale nationale communale vicinale rd rn cd".split())
_YEARS_IN_SHORT = frozenset("18 44 45 62".split())
"""`rue du 8 mai 45` is named for a year, too."""
_UNIT = re.compile(
    r"(?:\b(?:apt|apartment|appt|appartement|app|unit|suite|flat|wohnung|whg|bo[iî]te"
    r"|bte|bus|porte|esc|escalier|[ée]tage|b[aâ]t(?:iment)?|bt|hall|entr[ée]e|bp|cs)\b"
    r"\.?|#)\s*(?:n[°o]\s*)?(?:\d+-?[a-z]?\d*|[a-ce-km-z]-?\d*)\b(?!')"
    r"|\b\d+\s*(?:er|e|[eè]me)\s+[ée]tage\b",
    re.IGNORECASE,
)
_COUNTRY = re.compile(
    r"^[a-z]{1,2}(?:\s*-\s*(?=\d)|\s*(?=\d{4,5}$|\d\d\s\d{3}$))", re.IGNORECASE
)
_FRANCE = frozenset("fr fra france francemetropolitaine frankreich francia".split())
_CEDEX = re.compile(r"\bcedex\b.*$", re.IGNORECASE)
_ARRONDISSEMENT = re.compile(r"(?:\s*\b\d+(?:e|er|eme|ere)?(?: arrondissement)?)+$")
_CODE_AND_TOWN = re.compile(r"(?:[a-z]{1,2} )?(\d{4,5}) ([a-z]{3}.*)")
_CODE_IN_STREET = re.compile(
    r"(?P<before>[\s,;]|\b[a-z]{1,2}-)(?P<code>\d{4,5})\s(?P<town>[^\W\d_]{3}[^,;\n]*)",
    re.IGNORECASE,
)
_END_OF_STREET = re.compile(r"[,;\n][\s,;]*$")
_TOWN_WORDS = {"st": "saint", "ste": "sainte"}


class Street(NamedTuple):
    """A street and the number in it, folded; empty where unknown."""

    number: str
    name: str


class Place(NamedTuple):
    """Where an address is, each part in one form; empty where unknown."""

    number: str
    street: str
    postal_code: str
    town: str


def place_of(address: Address) -> Place:
    """Return an address as the matcher compares it.

    A whole address in the street's field (`12, rue Pasteur 75011 Paris`) gives its
    postcode and town, and so does a postcode written before its town.
    """
    street, code, city = address.street, address.postal_code or "", address.city or ""
    if street and not code and not city:
        street, code, city = _whole_address(street)
    if found := _CODE_AND_TOWN.fullmatch(folded(city)):
        code, city = code or found[1], found[2]
    if found := _CODE_AND_TOWN.fullmatch(folded(code)):
        code, city = found[1], city or found[2]
    line = street_line(address.street_number, street)
    return Place(*line, postal_code(code, address.country or ""), town(city))


def _whole_address(street: str) -> tuple[str, str, str]:
    """Return street, postcode and town of an address that stands in one field."""
    street = single_spaced(street)
    for found in _CODE_IN_STREET.finditer(street):
        before = street[: found.start("code")].removesuffix(found["before"])
        # four digits after a space alone may be a year: rue du 8 mai 1945
        sure = found["before"] != " " or _END_OF_STREET.search(before[-4:])
        if any(map(str.isalpha, before)) and (len(found["code"]) == 5 or sure):
            return before, found["code"], found["town"]
    return street, "", ""


@lru_cache(maxsize=200_000)
def street_line(number: str | None, street: str | None) -> Street:
    """Return number and street: `12 bis, av. de la Gare` is (12 bis, avenue gare).

    A building, a flat or a box is no house number, nor is the number of a date or of
    a road: `rue du 8 mai 1945` has none.
    """
    line = folded(_UNIT.sub(" ", street)) if street else ""
    known = folded(number or "")
    if is_placeholder(line):
        line = ""
    if not known:
        known, line = _number_in(line)
    words = (_WORDS.get(word) or _compound(word) for word in line.split())
    return Street(
        "" if is_placeholder(known) else known,
        " ".join(_saints(word for word in words if word not in _LITTLE)),
    )


def _number_in(line: str) -> tuple[str, str]:
    """Return the house number in a folded line, and the line without it."""
    first = _NUMBER.match(line)
    if first and line[first.end() :].partition(" ")[0] in _MONTHS:
        return "", line
    if found := first or _INNER_NUMBER.search(line):
        return " ".join(filter(None, found.groups())), line[found.end() :]
    found = _LAST_NUMBER.search(line)
    if found is None or _is_in_a_name(found[1], line[: found.start()].split()):
        return "", line
    return " ".join(filter(None, found.groups())), line[: found.start()]


def _is_in_a_name(number: str, before: list[str]) -> bool:
    """Say whether a number is the year of a date or the number of a road."""
    if before and before[-1] in _MONTHS:
        dated = len(before) > 1 and before[-2].isdigit()
        return len(number) == 4 or (dated and number in _YEARS_IN_SHORT)
    return bool(before) and before[-1] in _ROADS


@lru_cache(maxsize=100_000)
def postal_code(text: str, country: str = "") -> str:
    """Return a postcode in one form: `F-75 001` is 75001, `sw1a 1aa` is sw1a1aa.

    A zero that a spreadsheet took is given back where the country is France for
    certain: there 6000 is 06000.
    """
    code = squeezed(_COUNTRY.sub("", _CEDEX.sub("", text).strip()))
    if len(code) == 9 and code.isdigit():  # an American code with its route
        code = code[:5]
    if len(code) == 4 and code.isdigit() and squeezed(country) in _FRANCE:
        code = f"0{code}"
    if not code or set(code) <= {"0"}:
        return ""
    # of four digits every number is some country's: 1111 is in Budapest
    four_digits = len(code) == 4 and code.isdigit()
    return code if four_digits or not is_placeholder(code) else ""


@lru_cache(maxsize=100_000)
def town(text: str) -> str:
    """Return a town in one form, without district or cedex: `St-Denis CEDEX 2`."""
    name = _ARRONDISSEMENT.sub("", _CEDEX.sub("", folded(text)).strip())
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
