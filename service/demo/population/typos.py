"""How a value goes wrong on its way from a person into a system; pure and seeded.

Every function takes a value and a random generator and returns the value as it was
typed, heard or read; it never raises, and returns what it cannot spoil unchanged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from service.demo.population.typo_tables import (
    DOMAIN_TYPOS,
    LOOKALIKES,
    NEAR,
    OVERSEAS_PREFIXES,
    SHORT_FORMS,
    SOUNDS,
    STREET_SHORT,
)

Slip = Callable[[str, Random], str]

_PARTICLE = re.compile(r"^(de la|de|du|des|le|la|da|dos|van|el|ben) ", re.IGNORECASE)


def typo(value: str, rng: Random) -> str:
    """Hit a neighbouring key, or swap, drop or double one letter (not the first)."""
    places = [i for i in range(1, len(value)) if value[i].isalnum()]
    if not places:
        return value
    i = rng.choice(places)
    kind = rng.random()
    if kind < 0.35:
        near = NEAR.get(value[i].lower(), value[i - 1])
        return value[:i] + rng.choice(near) + value[i + 1 :]
    if kind < 0.6 and i + 1 < len(value):
        return value[:i] + value[i + 1] + value[i] + value[i + 2 :]
    if kind < 0.8 and len(value) > 2:
        return value[:i] + value[i + 1 :]
    return value[:i] + value[i] + value[i:]


def misheard(value: str, rng: Random) -> str:
    """Spell one sound another way: Philippe as Filippe, Moreau as Morot."""
    lower = value.lower()
    found = [(a, b) for a, b in SOUNDS if a in lower[1:] or (len(a) > 1 and a in lower)]
    if not found:
        return value
    sound, other = rng.choice(found)
    i = lower.find(sound, 0 if len(sound) > 1 else 1)
    spelt = other.capitalize() if value[i].isupper() else other
    return value[:i] + spelt + value[i + len(sound) :]


def misread(value: str, rng: Random) -> str:
    """Read one letter as another that looks like it, as a scanner does."""
    found = [seen for seen in LOOKALIKES if seen in value[1:]]
    if not found:
        return value
    seen = rng.choice(found)
    i = value.index(seen, 1)
    return value[:i] + LOOKALIKES[seen] + value[i + len(seen) :]


def without_accents(value: str, rng: Random) -> str:
    """Lose the accents."""
    parts = unicodedata.normalize("NFD", value)
    return "".join(each for each in parts if not unicodedata.combining(each))


def upper_case(value: str, rng: Random) -> str:
    """Type with the capitals locked."""
    return value.upper()


def lower_case(value: str, rng: Random) -> str:
    """Type without capitals."""
    return value.lower()


def short_form(value: str, rng: Random) -> str:
    """Use the name friends use: Philippe as Phil."""
    return SHORT_FORMS.get(value, value)


def first_part(value: str, rng: Random) -> str:
    """Cut a compound name: Jean-Pierre as Jean."""
    return re.split(r"[- ]", value)[0] if "-" in value else value


def spaced(value: str, rng: Random) -> str:
    """Write a compound name without its hyphen."""
    return value.replace("-", rng.choice((" ", " ", "")))


def glued_particle(value: str, rng: Random) -> str:
    """Write the particle as part of the name: de La Tour as Delatour."""
    match = _PARTICLE.match(value)
    if not match:
        return value
    return value.replace(" ", "").capitalize()


def wrong_digit(value: str, rng: Random) -> str:
    """Change one digit after the third, or swap it with the next one."""
    places = [i for i, each in enumerate(value) if each.isdigit()][3:]
    if not places:
        return value
    i = rng.choice(places)
    after = value[i + 1 : i + 2]
    if after.isdigit() and after != value[i] and rng.random() < 0.4:
        return value[:i] + after + value[i] + value[i + 2 :]
    digit = str((int(value[i]) + rng.randrange(1, 10)) % 10)
    return value[:i] + digit + value[i + 1 :]


def phone_variant(value: str, rng: Random) -> str:
    """Write a ten-digit number the way people do: dots, spaces, +33, 0033."""
    if len(value) != 10 or not value.isdigit():
        return value
    pairs = [value[i : i + 2] for i in range(0, 10, 2)]
    abroad = f"{value[1]} " + " ".join(pairs[1:])
    forms = (
        " ".join(pairs),
        ".".join(pairs),
        "-".join(pairs),
        "+33" + value[1:],
        "+33 " + abroad,
        "0033" + value[1:],
        f"{value[:4]} {value[4:7]} {value[7:]}",
    )
    # the overseas departments have country codes of their own
    return rng.choice(forms[:3] if value[:4] in OVERSEAS_PREFIXES else forms)


def domain_typo(value: str, rng: Random) -> str:
    """Mistake the provider of an e-mail address."""
    local, at, domain = value.partition("@")
    return local + at + rng.choice(DOMAIN_TYPOS.get(domain, (domain,)))


def local_typo(value: str, rng: Random) -> str:
    """Mistype an e-mail address before the @."""
    local, at, domain = value.partition("@")
    return typo(local, rng) + at + domain


def street_variant(value: str, rng: Random) -> str:
    """Shorten the kind of street: avenue as av."""
    for long, short in STREET_SHORT:
        if long in value:
            return value.replace(long, rng.choice(short), 1)
    return value


def wrong_birth_date(value: date, rng: Random) -> date:
    """Swap day and month, or miss the year, the day or the month by one stroke."""
    kind = rng.random()
    if kind < 0.35 and value.day <= 12:
        return value.replace(month=value.day, day=value.month)
    if kind < 0.65:
        return _with_year(value, value.year + rng.choice((-10, -1, 1, 10)))
    return value + timedelta(days=rng.choice((-10, -1, 1, 10, 30, -30)))


def placeholder_birth_date(value: date, rng: Random) -> date:
    """Give the first of January: of 1900, or of the year that was known."""
    return date(1900, 1, 1) if rng.random() < 0.6 else date(value.year, 1, 1)


def _with_year(value: date, year: int) -> date:
    leap_day = (value.month, value.day) == (2, 29)
    return value.replace(year=year, day=28 if leap_day else value.day)
