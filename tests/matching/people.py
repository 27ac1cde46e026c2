"""People who are no one, for the tests of the matcher."""

from __future__ import annotations

import random
from typing import Any

from schemas.source_record import Address, CustomerRecord

GIVEN = "Jean Marie Paul Sophie Julien Claire Luc Emma Hugo Alice Noé Inès".split()
FAMILY = "Martin Bernard Petit Durand Leroy Moreau Simon Laurent Lefèbvre Roux".split()
TOWNS = [("69003", "Lyon"), ("44000", "Nantes"), ("97400", "Saint-Denis")]


def person(**values: Any) -> CustomerRecord:
    """Return a record with these values."""
    return CustomerRecord.model_validate(values)


def crowd(size: int, seed: int) -> list[CustomerRecord]:
    """Return people with families, typos, second contacts and missing values."""
    draw = random.Random(seed)
    return [_someone(draw, i % (size // 2)) for i in range(size)]


def _someone(draw: random.Random, number: int) -> CustomerRecord:
    same = random.Random(number)
    given, family = same.choice(GIVEN), same.choice(FAMILY)
    year, month, day = (
        same.randint(*ends) for ends in ((1940, 2005), (1, 12), (1, 28))
    )
    born = f"{year}-{month:02d}-{day:02d}"
    postal_code, city = same.choice(TOWNS)
    phone = f"06{same.randint(10_000_000, 99_999_999)}"
    mail = f"{given}.{family}{same.randint(1, 99)}@poste.fr".casefold()
    if draw.random() < 0.2:
        family = family[:-1] + draw.choice("aeiou")
    if draw.random() < 0.1:
        given, family = family, given
    return person(
        given_name=draw.choice([given, given, given.upper(), None]),
        family_name=family,
        birth_date=draw.choice([born, born, None]),
        emails=draw.choice([[mail], [mail, f"x{mail}"], []]),
        phones=draw.choice([[phone], [f"07{phone[2:]}", phone], []]),
        addresses=[Address(street="4 rue X", postal_code=postal_code, city=city)],
        cards=draw.choice([[f"CARD{number:06d}"], []]),
    )
