"""People who do not exist: a model shows on them that it still scores alike."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from schemas.source_record import Address, CustomerRecord

_LYON = Address(street="12 bis, av. de la Gare", postal_code="69003", city="Lyon 3e")
_LYON_TYPED = Address(street="12b avenue de la gare", postal_code="69003", city="LYON")
_NANTES = Address(street_number="4", street="r. Crébillon", city="Nantes")


def _person(**values: Any) -> CustomerRecord:
    return CustomerRecord.model_validate(values)


PEOPLE = (
    _person(
        given_name="Jean-Pierre",
        family_name="Lefèbvre",
        birth_date="1961-03-12",
        emails=["jp.lefebvre@exemplaire.fr"],
        phones=["06 12 98 45 71"],
        addresses=[_LYON],
        cards=["LF-88012345"],
        gender="M",
    ),
    _person(
        full_name="M. LEFEVRE Jean Pierre",
        birth_date="1961-12-03",
        phones=["+33612984571", "04 78 11 92 35"],
        addresses=[_LYON_TYPED],
        title="M.",
    ),
    _person(
        given_name="Catherine",
        family_name="Lefebvre",
        birth_name="Roche",
        birth_date="1963-07-30",
        emails=["jp.lefebvre@exemplaire.fr"],
        phones=["04 78 11 92 35"],
        addresses=[_LYON],
        gender="F",
    ),
    _person(
        given_name="Cathy",
        family_name="ROCHE",
        birth_date="1963-07-30",
        emails=["cathy.roche+promo@gmail.com"],
        addresses=[_NANTES],
    ),
    _person(
        given_name="Roche",
        family_name="Cathy",
        birth_date="1963-07-31",
        emails=["cathyroche@gmail.com"],
        national_id="2630769123456",
    ),
    _person(given_name="J", family_name="Lefebvre", cards=["LF 88012345"]),
    _person(
        given_name="Müge",
        family_name="Strauß-Yılmaz",
        birth_date="1900-01-01",
        emails=["none@none.fr"],
        phones=["0000000000"],
        addresses=[Address(city="Saint-Denis", postal_code="97400", country="RE")],
        national_id="2630769123465",
    ),
)

PAIRS = tuple(combinations(range(len(PEOPLE)), 2))
