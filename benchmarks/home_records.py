"""What files say of people who share homes: rows with mistakes, and their truth."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date
from functools import cache
from importlib import resources
from random import Random

from benchmarks.home_people import Dweller, Home

Row = dict[str, str | None]


@dataclass(frozen=True)
class Errors:
    """How often each thing goes wrong in one value of one row."""

    missing: float = 0.1
    typo: float = 0.05
    nickname: float = 0.06
    initial: float = 0.02
    swapped: float = 0.01
    date: float = 0.05
    borrowed: float = 0.01
    moved: float = 0.15
    rows: tuple[int, ...] = (1, 2, 2, 3)


def rows(people: Sequence[Dweller], errors: Errors, *, seed: int) -> list[Row]:
    """Return the rows about everyone, in no order."""
    draw = Random(f"rows {seed}")
    written = [
        _row(one, errors, draw)
        for one in people
        for _ in range(draw.choice(errors.rows))
    ]
    draw.shuffle(written)
    return written


def _row(one: Dweller, errors: Errors, draw: Random) -> Row:
    def goes(share: float) -> bool:
        return draw.random() < share

    home = one.former if goes(errors.moved) else one.home
    given, family = one.given, one.family
    if one.birth_name and goes(0.1):
        family = one.birth_name
    short = _nicknames().get(given)
    if short and goes(errors.nickname):
        given = draw.choice(short)
    if goes(errors.initial):
        given = given[:1]
    if goes(errors.swapped):
        given, family = family, given
    other = draw.choice(one.together) if one.together else one
    born = _wrong_day(one.born, draw) if goes(errors.date) else one.born.isoformat()
    values: Row = {
        "given": given,
        "family": family,
        "dob": other.born.isoformat() if goes(errors.borrowed) else born,
        "sex": other.sex if goes(errors.borrowed) else one.sex,
        "phone": other.phone if goes(errors.borrowed) else one.phone,
        "email": other.email if goes(errors.borrowed) else one.email,
        "ssn": other.ssn if goes(errors.borrowed) else one.ssn,
        **_place(home, draw),
    }
    kept: Row = {
        name: None if goes(errors.missing * (0.3 if name in ("given", "family") else 1))
        else _typo(value or "", draw) if goes(errors.typo) and name != "dob"
        else value
        for name, value in values.items()
    }  # fmt: skip
    kept["year"] = (kept["dob"] or "")[:4] or None
    kept["full"] = " ".join(v for v in (kept["given"], kept["family"]) if v) or None
    return kept | {"truth": str(one.person), "home": " ".join(astuple(one.home))}


def _place(home: Home, draw: Random) -> Row:
    street = home.street
    if draw.random() < 0.15:
        for long, short in (("street", "st"), ("avenue", "ave"), ("road", "rd")):
            street = street.replace(long, short)
    return {
        "number": home.number,
        "street": f"{street} {home.unit}".strip() if draw.random() < 0.5 else street,
        "zip": home.postal_code,
        "city": home.city,
        "state": home.region or None,
    }


def _wrong_day(born: date, draw: Random) -> str:
    kind = draw.random()
    if kind < 0.3 and born.day <= 12:
        return f"{born.year}-{born.day:02d}-{born.month:02d}"
    if kind < 0.5:
        return f"{born.year}-01-01"
    text = list(born.isoformat())
    place = draw.choice((2, 3, 6, 8, 9))
    text[place] = draw.choice("0123456789")
    return "".join(text)


def _typo(text: str, draw: Random) -> str:
    if len(text) < 3:
        return text
    i, kind = draw.randrange(len(text) - 1), draw.random()
    letter = draw.choice("0123456789" if text[i].isdigit() else "aeinrstlo")
    if kind < 0.3:
        return text[:i] + letter + text[i + 1 :]
    if kind < 0.6:
        return text[:i] + text[i + 1 :]
    if kind < 0.8:
        return text[:i] + letter + text[i:]
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


@cache
def _nicknames() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for language in ("en", "fr"):
        source = resources.files("matching") / "data" / f"nicknames_{language}.csv"
        with source.open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                found[row["name"]] = row["nicknames"].split()
    return found
