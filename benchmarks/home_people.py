"""Homes full of people who do not exist: families, twins, students, old people's homes.

Three ways of life (US, UK, FR), one code: who lives where and is called what is drawn
here; what a file says of them is written in `home_records`.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from importlib import resources
from random import Random

_ENGLISH = """
smith johnson williams brown jones miller davis wilson anderson taylor thomas moore
martin jackson white harris clark lewis robinson walker young allen king wright scott
hill green adams nelson baker hall campbell mitchell carter roberts phillips evans
turner parker edwards collins stewart morris murphy cook rogers morgan cooper
peterson reed bailey bell kelly howard ward cox richardson wood watson brooks bennett
gray james hughes price myers long foster sanders ross powell sullivan russell
""".split()
_STARTS = """
ash black wood green hart holl kings lang long mar mid new nor oak red rad row sand
stan sut thorn wal west whit win brad bur clif craw dal ed farn hal hep ket
""".split()
_ENDS = "ford ton ley well field brook wood man worth bury land stone by ham".split()
_FEW = """
nguyen tran le pham singh kaur kim lee park garcia hernandez lopez martinez rodriguez
khan ahmed ali wang li zhang
""".split()
_STREETS = """
main oak maple cedar park elm washington lake hill church mill high station victoria
river spring school union franklin highland jackson lincoln walnut chestnut forest
""".split()
_WAYS = {"us": "street avenue road drive lane court", "uk": "road street lane close"}
_TODAY = 2026


@dataclass(frozen=True, slots=True)
class Home:
    """Where people live together."""

    number: str
    street: str
    unit: str
    postal_code: str
    city: str
    region: str


@dataclass(frozen=True, slots=True)
class Dweller:
    """A person as they are, and whom they live with."""

    person: int
    given: str
    family: str
    birth_name: str
    sex: str
    born: date
    home: Home
    former: Home
    phone: str
    email: str
    ssn: str
    together: list[Dweller] = field(default_factory=list)


class Land:
    """Draws homes and names of one country."""

    def __init__(self, style: str, draw: Random, *, few_names: float) -> None:
        """Remember the country, and how many bear one of few names."""
        self.style, self.draw, self._few = style, draw, few_names
        self._given, self._family = _given(style), _families(style)
        self._towns = [self._town(i) for i in range(12)]
        self._people = 0

    def household(self) -> list[Dweller]:
        """Return the people of one more home."""
        kind = self.draw.random()
        if kind < 0.02:
            people = self._unrelated(self.draw.randint(8, 40), (75, 99))
        elif kind < 0.05:
            people = self._unrelated(self.draw.randint(3, 12), (18, 25))
        elif kind < 0.25:
            people = self._unrelated(1, (20, 90))
        else:
            people = self._family_home()
        return _together(people)

    def _family_home(self) -> list[Dweller]:
        draw, family, home = self.draw, self._surname(), self.home()
        phone, email = self._phone(), self._mail(family, "family")
        age, shared = draw.randint(24, 85), draw.random()
        parents = [self._person(family, "m", self._day(age), home)]
        if draw.random() < 0.85:
            own = self._surname()
            name = family if draw.random() < 0.75 else own
            wife = self._person(name, "f", self._day(age + draw.randint(-5, 3)), home)
            parents.append(replace(wife, birth_name=own))
        children = self._children(parents, age, home)
        return [
            replace(
                one,
                phone=phone if shared < 0.5 else one.phone,
                email=email if draw.random() < 0.25 else one.email,
            )
            for one in parents + children
        ]

    def _children(self, parents: list[Dweller], age: int, home: Home) -> list[Dweller]:
        draw, children = self.draw, []
        eldest = min(age - 20, 35)
        for _ in range(draw.choice((0, 1, 1, 2, 2, 3, 4)) if eldest > 0 else 0):
            born = self._day(draw.randint(0, eldest))
            child = self._person(parents[0].family, draw.choice("mf"), born, home)
            if child.sex == "m" and draw.random() < 0.05:
                child = replace(child, given=parents[0].given)
            children.append(child)
            if draw.random() < 0.04:
                twin = self._person(child.family, draw.choice("mf"), born, home)
                children.append(twin)
        return children

    def _unrelated(self, many: int, ages: tuple[int, int]) -> list[Dweller]:
        home = self.home()
        return [
            self._person(
                self._surname(),
                self.draw.choice("mf"),
                self._day(self.draw.randint(*ages)),
                home,
            )
            for _ in range(many)
        ]

    def _person(self, family: str, sex: str, born: date, home: Home) -> Dweller:
        self._people += 1
        draw = self.draw
        given = self._given[int(len(self._given) * draw.random() ** 2.5)]
        return Dweller(
            self._people, given, family, "", sex, born, home, self.home(),
            self._phone(), self._mail(given, family),
            f"{draw.randint(10**8, 9 * 10**8)}",
        )  # fmt: skip

    def _surname(self) -> str:
        draw = self.draw
        if draw.random() < self._few:
            return _FEW[int(len(_FEW) * draw.random() ** 2)]
        return self._family[int(len(self._family) * draw.random() ** 3)]

    def _day(self, age: int) -> date:
        first = date(_TODAY - max(age, 0), 1, 1)
        return first + timedelta(days=self.draw.randrange(365))

    def _phone(self) -> str:
        starts = {"us": "212", "uk": "079", "fr": "06"}[self.style]
        digits = {"us": 7, "uk": 8, "fr": 8}[self.style]
        return starts + "".join(str(self.draw.randint(0, 9)) for _ in range(digits))

    def _mail(self, one: str, other: str) -> str:
        host = self.draw.choice(("mail.net", "post.org", "web.com"))
        return f"{one}.{other}{self.draw.randint(1, 99)}@{host}".replace(" ", "")

    def home(self) -> Home:
        """Return a home; one in five is a flat of a larger house."""
        draw = self.draw
        city, region, codes = self._towns[int(12 * draw.random() ** 1.5)]
        street = draw.choice(_STREETS)
        if self.style == "fr":
            street = f"{draw.choice(('rue', 'avenue', 'place'))} {street}"
        else:
            street = f"{street} {draw.choice(_WAYS[self.style].split())}"
        unit = f"apt {draw.randint(1, 60)}" if draw.random() < 0.2 else ""
        number = str(draw.randint(1, 1800 if self.style == "us" else 150))
        return Home(number, street, unit, draw.choice(codes), city, region)

    def _town(self, number: int) -> tuple[str, str, list[str]]:
        draw = self.draw
        name = draw.choice(_STARTS) + draw.choice(_ENDS)
        region = draw.choice(("wa", "or", "ca")) if self.style == "us" else ""
        codes = []
        for _ in range(draw.choice((1, 2, 4))):
            if self.style == "uk":
                codes.extend(f"LS{number + 1} {i}{a}B" for i in range(9) for a in "JKL")
            else:
                codes.append(f"{number + 10}{draw.randint(0, 999):03d}")
        return name, region, codes


def people(
    style: str, homes: int, *, seed: int, few_names: float = 0.05
) -> list[Dweller]:
    """Return everyone of that many homes; the same for the same seed."""
    land = Land(style, Random(f"{style} {seed}"), few_names=few_names)
    return [one for _ in range(homes) for one in land.household()]


def _together(people: Sequence[Dweller]) -> list[Dweller]:
    for one in people:
        one.together.extend(other for other in people if other is not one)
    return list(people)


@cache
def _given(style: str) -> list[str]:
    source = resources.files("matching") / "data" / f"nicknames_{_language(style)}.csv"
    with source.open(encoding="utf-8") as lines:
        names = [row["name"] for row in csv.DictReader(lines)]
    Random("given").shuffle(names)
    return names


@cache
def _families(style: str) -> list[str]:
    if style == "fr":
        source = resources.files("service.demo") / "data" / "surnames.txt"
        return source.read_text(encoding="utf-8").split("\n")[:3000]
    made = [a + b for a in _STARTS for b in _ENDS]
    Random("families").shuffle(made)
    return [*_ENGLISH, *made]


def _language(style: str) -> str:
    return "fr" if style == "fr" else "en"
