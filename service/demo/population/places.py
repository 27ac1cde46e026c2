"""Where simulated people live, and the phone numbers of the place."""

from __future__ import annotations

import csv
from bisect import bisect
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random

from schemas.source_record import Address
from service.demo.population.names import Weighted, read_lines

_LANDLINE_BY_DEPARTMENT = {
    "01": "75 77 78 91 92 93 94 95",
    "02": "14 18 22 27 28 29 35 36 37 41 44 45 49 50 53 56 60 61 72 76 79 80 85",
    "03": "02 08 10 21 25 39 51 52 54 55 57 58 59 62 67 68 70 71 88 89 90",
    "04": "2A 2B 20 03 04 05 06 07 11 13 15 26 30 34 38 42 43 48 63 66 69 73 74 83 84",
}
_AREA = {
    department: area
    for area, departments in _LANDLINE_BY_DEPARTMENT.items()
    for department in departments.split()
}
# 0639, 0690 to 0694, 0696 and 0697 belong to the overseas departments
_MOBILE_PREFIXES = (
    *(f"06{n:02}" for n in range(90) if n != 39),
    *("0695", "0698", "0699"),
    *(f"07{n}" for n in range(50, 90)),
)
_OVERSEAS = {  # three digits of the postal code -> landline, mobile prefixes
    "971": ("0590", "0690"),
    "972": ("0596", "0696"),
    "973": ("0594", "0694"),
    "974": ("0262", "0692"),
    "976": ("0269", "0639"),
}


@dataclass(frozen=True, slots=True)
class Home:
    """One postal address."""

    street_number: str
    street: str
    postal_code: str
    city: str

    @property
    def line(self) -> str:
        """The number and street as one line."""
        return f"{self.street_number} {self.street}".strip()

    def address(self) -> Address:
        """Return the address in our words."""
        return Address(
            street_number=self.street_number or None,
            street=self.street or None,
            postal_code=self.postal_code,
            city=self.city or None,
            country="FR",
        )


@cache
def _communes() -> tuple[list[tuple[str, list[str]]], list[float]]:
    rows = list(csv.DictReader(read_lines("communes.csv")))
    communes = [(row["city"], row["postal_codes"].split()) for row in rows]
    return communes, list(accumulate(float(row["weight"]) for row in rows))


@cache
def _streets() -> Weighted:
    return Weighted(read_lines("streets.txt"), shift=10, steepness=0.7)


def commune_count() -> int:
    """Return how many communes people can live in."""
    return len(_communes()[0])


def draw_home(rng: Random) -> Home:
    """Return an address; one in forty has a bis or ter."""
    communes, sums = _communes()
    city, postal_codes = communes[bisect(sums, rng.random() * sums[-1])]
    number = str(1 + int(rng.betavariate(1, 4) * 180))
    if rng.random() < 0.025:
        number += rng.choice((" bis", " bis", " ter"))
    return Home(number, _streets().draw(rng), rng.choice(postal_codes), city)


def draw_mobile(rng: Random, home: Home) -> str:
    """Return a mobile number in ten digits, overseas with the prefix of the place."""
    overseas = _OVERSEAS.get(home.postal_code[:3])
    if overseas and rng.random() < 0.9:
        return f"{overseas[1]}{rng.randrange(10**6):06}"
    prefix = rng.choice(_MOBILE_PREFIXES)
    return f"{prefix}{rng.randrange(10**6):06}"


def draw_landline(rng: Random, home: Home) -> str:
    """Return a landline number in ten digits, with the area of the postal code."""
    overseas = _OVERSEAS.get(home.postal_code[:3])
    if overseas:
        return f"{overseas[0]}{rng.randrange(10**6):06}"
    if rng.random() < 0.15:  # numbers of the internet box know no area
        return f"09{rng.randrange(50, 90)}{rng.randrange(10**6):06}"
    area = _AREA.get(home.postal_code[:2], "05")
    return f"{area}{rng.randrange(20, 90)}{rng.randrange(10**6):06}"
