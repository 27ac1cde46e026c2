"""Households: who lives together, and the names, home and contacts they share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from service.demo.population.contacts import Directory
from service.demo.population.names import draw_given_name, draw_surname
from service.demo.population.places import Home, draw_home, draw_landline

REFERENCE_YEAR = 2026
"""The year in which the simulated people have their ages; no clock is read."""

YOUNGEST, OLDEST = 14, 92

NAMESAKES = 0.02
"""The share of sons called exactly like their father, and daughters their mother."""


@dataclass(frozen=True, slots=True)
class Person:
    """One simulated person, as they really are."""

    person_id: int
    household_id: int
    given_name: str
    family_name: str
    gender: str
    birth_date: date
    home: Home
    birth_name: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    former_home: Home | None = None
    former_phone: str | None = None
    household_email: str | None = None
    household_phone: str | None = None
    card: str | None = None

    @property
    def title(self) -> str:
        """The civility a French form asks for."""
        return "Mme" if self.gender == "F" else "M."


class Builder:
    """Draws one household after the other; ids follow the order of drawing."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._directory = Directory(rng)
        self._people = 0
        self._households = 0

    def household(self) -> list[Person]:
        """Return the people of a new household: one to five."""
        kind = self._rng.random()
        self._households += 1
        if kind < 0.36:
            return self._equipped([self._adult()])
        if kind < 0.58:
            return self._equipped(self._couple())
        if kind < 0.87:
            return self._equipped(self._with_children(self._couple(), oldest=58))
        if kind < 0.94:
            return self._equipped(self._with_children([self._adult()], oldest=55))
        return self._flatmates()

    def _adult(self, *, gender: str | None = None, year: int | None = None) -> Person:
        rng = self._rng
        gender = gender or rng.choice("FM")
        if year is None:
            year = REFERENCE_YEAR - int(rng.triangular(19, OLDEST, 40))
        return self._person(draw_surname(rng), gender, self._day_in(year))

    def _person(self, family_name: str, gender: str, birth_date: date) -> Person:
        self._people += 1
        given = draw_given_name(self._rng, gender=gender, year=birth_date.year)
        return Person(
            person_id=self._people,
            household_id=self._households,
            given_name=given,
            family_name=family_name,
            gender=gender,
            birth_date=birth_date,
            home=_NOWHERE,
        )

    def _couple(self) -> list[Person]:
        rng = self._rng
        first = self._adult(gender="M" if rng.random() < 0.97 else "F")
        year = first.birth_date.year + round(rng.gauss(2, 4))
        year = min(max(year, REFERENCE_YEAR - OLDEST), REFERENCE_YEAR - 18)
        second = self._adult(gender="F" if rng.random() < 0.97 else "M", year=year)
        married = rng.random()
        older = year < 1970
        if married < (0.85 if older else 0.5):
            second = _renamed(second, first.family_name)
        elif married < 0.92 and rng.random() < 0.25:
            second = _renamed(second, f"{second.family_name}-{first.family_name}")
        return [first, second]

    def _with_children(self, parents: list[Person], *, oldest: int) -> list[Person]:
        rng = self._rng
        youngest_parent = max(parent.birth_date.year for parent in parents)
        age = REFERENCE_YEAR - youngest_parent
        eldest_age = min(age - 20, oldest - 24)
        children: list[Person] = []
        for _ in range(rng.choices((1, 2, 3), (4, 5, 2))[0]):
            if eldest_age < YOUNGEST:
                break
            born = self._day_in(REFERENCE_YEAR - rng.randint(YOUNGEST, eldest_age))
            children.append(self._child(parents, born))
        if children and rng.random() < 0.06:
            children.append(self._child(parents, children[-1].birth_date))  # twins
        return parents + children

    def _child(self, parents: list[Person], born: date) -> Person:
        rng = self._rng
        gender = rng.choice("FM")
        name = parents[0].family_name
        if born.year >= 2003 and len(parents) > 1 and rng.random() < 0.15:
            other = parents[1].birth_name or parents[1].family_name
            name = f"{name}-{other}" if "-" not in name + other else name
        child = self._person(name, gender, born)
        namesake = next((each for each in parents if each.gender == gender), None)
        if namesake and rng.random() < NAMESAKES:
            child = replace(
                child,
                given_name=namesake.given_name,
                family_name=namesake.family_name,
            )
        return child

    def _flatmates(self) -> list[Person]:
        people = [
            self._adult(year=REFERENCE_YEAR - self._rng.randint(19, 34))
            for _ in range(self._rng.choice((2, 2, 3)))
        ]
        return self._equipped(people, family=False)

    def _equipped(self, people: list[Person], *, family: bool = True) -> list[Person]:
        """Give the household its home, and its people what they can be reached by."""
        rng, directory = self._rng, self._directory
        home = draw_home(rng)
        former_home = draw_home(rng) if rng.random() < 0.12 else None
        landline = email = None
        if family and rng.random() < 0.4:
            landline = draw_landline(rng, home)
        if family and len(people) > 1 and rng.random() < 0.15:
            email = directory.family_email(people[0].family_name)
        equipped = []
        for person in people:
            away = family and person is not people[0] and self._left_home(person)
            equipped.append(
                replace(
                    person,
                    home=draw_home(rng) if away else home,
                    former_home=home if away else former_home,
                    household_email=None if away else email,
                    household_phone=None if away else landline,
                    emails=directory.emails(person.given_name, _own_name(person)),
                    phones=directory.mobiles(home),
                    former_phone=directory.former_mobile(home),
                    card=directory.card(person.person_id),
                )
            )
        return equipped

    def _left_home(self, person: Person) -> bool:
        # children of 24 and more: most live elsewhere and keep the family name
        age = REFERENCE_YEAR - person.birth_date.year
        return 24 <= age < 40 and person.birth_name is None and self._rng.random() < 0.5

    def _day_in(self, year: int) -> date:
        return date(year, 1, 1) + timedelta(days=self._rng.randrange(365))


def _own_name(person: Person) -> str:
    """Return the name an e-mail address was made from, long ago."""
    return person.birth_name or person.family_name


def _renamed(person: Person, name: str) -> Person:
    return replace(person, family_name=name, birth_name=person.family_name)


_NOWHERE = Home("", "", "", "")
