"""Which mistakes a channel makes with a person's data, and how often."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from random import Random

from service.demo.population import typos
from service.demo.population.households import Person
from service.demo.population.places import Home
from service.demo.population.stores import draw_store
from service.demo.population.typos import Slip

Slips = tuple[tuple[Slip, float], ...]

GIVEN_NAME: Slips = (
    (typos.short_form, 0.025),
    (typos.first_part, 0.06),
    (typos.spaced, 0.12),
    (typos.misheard, 0.015),
    (typos.typo, 0.02),
    (typos.misread, 0.003),
)
FAMILY_NAME: Slips = (
    (typos.glued_particle, 0.08),
    (typos.spaced, 0.08),
    (typos.misheard, 0.015),
    (typos.typo, 0.022),
    (typos.misread, 0.003),
)
STREET: Slips = (
    (typos.street_variant, 0.25),
    (typos.without_accents, 0.2),
    (typos.typo, 0.02),
)
EMAIL: Slips = ((typos.local_typo, 0.01), (typos.domain_typo, 0.015))
PHONE: Slips = ((typos.wrong_digit, 0.015),)
POSTAL_CODE: Slips = ((typos.wrong_digit, 0.008),)

FORMATTED_PHONE = 0.45
PLACEHOLDER = 0.004
PLACEHOLDER_NAMES = ("ne sait pas", "X", "client", "inconnu")
PLACEHOLDER_EMAILS = ("none@none.fr", "aaa@aaa.fr", "pasdemail@pasdemail.fr")
PLACEHOLDER_PHONES = ("0600000000", "0000000000", "0102030405", "0606060606")
SHOP_EMAIL, SHOP_PHONE = 0.015, 0.01

# channel -> all in capitals, without accents, all in small letters
CASE = {
    "pos": (0.45, 0.5, 0.0),
    "ecommerce": (0.04, 0.15, 0.08),
    "call_centre": (0.15, 0.3, 0.02),
    "loyalty": (0.2, 0.15, 0.0),
}


@dataclass(frozen=True, slots=True)
class Names:
    """A given and a family name as typed."""

    given: str
    family: str

    def full(self, title: str, rng: Random) -> str:
        """Return both in one field, in one of the orders people write them."""
        order = rng.random()
        if order < 0.55:
            return f"{self.given} {self.family}"
        if order < 0.85:
            return f"{self.family.upper()} {self.given}"
        return f"{title} {self.given} {self.family}"


def slipped(value: str, slips: Slips, rng: Random, *, clumsiness: float) -> str:
    """Return the value after each slip had its chance."""
    for slip, rate in slips:
        if rng.random() < rate * clumsiness:
            value = slip(value, rng)
    return value


def names(person: Person, system: str, rng: Random, *, clumsiness: float) -> Names:
    """Return the names of a person as a channel writes them."""
    family = person.family_name
    if person.birth_name and rng.random() < 0.05:
        family = person.birth_name
    given = slipped(person.given_name, GIVEN_NAME, rng, clumsiness=clumsiness)
    family = slipped(family, FAMILY_NAME, rng, clumsiness=clumsiness)
    capitals, bare, small = CASE[system]
    styles: Slips = (
        (typos.without_accents, bare),
        (typos.upper_case, capitals),
        (typos.lower_case, small),
    )
    for style, rate in styles:
        if rng.random() < rate:
            given, family = style(given, rng), style(family, rng)
    if rng.random() < 0.01 * clumsiness:
        given, family = family, given
    if rng.random() < PLACEHOLDER * clumsiness:
        given = rng.choice(PLACEHOLDER_NAMES)
    return Names(given, family)


def birth_date(value: date, rng: Random, *, clumsiness: float) -> date:
    """Return a birth date as typed: wrong in 2 %, a placeholder in 1 %."""
    chance = rng.random() / clumsiness
    if chance < 0.02:
        return typos.wrong_birth_date(value, rng)
    if chance < 0.03:
        return typos.placeholder_birth_date(value, rng)
    return value


def email(
    person: Person, rng: Random, *, clumsiness: float, typed_by_shop: bool
) -> str | None:
    """Return the e-mail a person gives: theirs, the family's, the shop's or none."""
    chance = rng.random()
    if typed_by_shop and chance < SHOP_EMAIL:
        return draw_store(rng).email
    if chance > 1 - PLACEHOLDER * clumsiness:
        return rng.choice(PLACEHOLDER_EMAILS)
    address = _usual(person.emails, rng)
    if person.household_email and (not address or rng.random() < 0.3):
        address = person.household_email
    if not address:
        return None
    address = slipped(address, EMAIL, rng, clumsiness=clumsiness)
    return address.upper() if rng.random() < 0.03 else address


def phone(
    person: Person, rng: Random, *, clumsiness: float, typed_by_shop: bool
) -> str | None:
    """Return the phone a person gives: mobile, landline, an old one or the shop's."""
    chance = rng.random()
    if typed_by_shop and chance < SHOP_PHONE:
        return draw_store(rng).phone
    if chance > 1 - PLACEHOLDER * clumsiness:
        return rng.choice(PLACEHOLDER_PHONES)
    number = _usual(person.phones, rng)
    if person.household_phone and (not number or rng.random() < 0.1):
        number = person.household_phone
    elif person.former_phone and rng.random() < 0.25:
        number = person.former_phone
    if not number:
        return None
    number = slipped(number, PHONE, rng, clumsiness=clumsiness)
    if rng.random() < FORMATTED_PHONE:
        number = typos.phone_variant(number, rng)
    return number


def home(person: Person, rng: Random, *, clumsiness: float) -> Home:
    """Return the address a person gives: in one case of four before a move, the old."""
    given = person.home
    if person.former_home and rng.random() < 0.25:
        given = person.former_home
    number = given.street_number
    if rng.random() < 0.015 * clumsiness:
        number = ""
    city = given.city
    if rng.random() < 0.25:
        city = typos.upper_case(typos.without_accents(city, rng), rng)
    return replace(
        given,
        street_number=number,
        street=slipped(given.street, STREET, rng, clumsiness=clumsiness),
        postal_code=slipped(given.postal_code, POSTAL_CODE, rng, clumsiness=clumsiness),
        city=city,
    )


def _usual(values: tuple[str, ...], rng: Random) -> str | None:
    if not values:
        return None
    return values[0] if rng.random() < 0.88 else rng.choice(values)
