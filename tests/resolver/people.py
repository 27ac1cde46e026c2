"""A few people whom the shipped model finds hard: families, twins, movers, typos.

Few people and few keys, so that records meet, chains form and identities change hands.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from schemas.source_record import CustomerRecord

SYSTEMS = ("pos", "shop", "web")
KEYS = [f"{system}:{number}" for system in SYSTEMS for number in range(5)]

_ROSES = [{"street": "12 rue des Roses", "postal_code": "59000", "city": "Lille"}]
_PARC = [{"street": "3 allée du Parc", "postal_code": "35000", "city": "Rennes"}]
_MARTIN = {"family_name": "Martin", "phones": ["0320112233"], "addresses": _ROSES}
_ANNE = {"given_name": "Anne", "birth_date": "1980-03-14", "emails": ["anne@orange.fr"]}
_ANNA = {"given_name": "Anna", "birth_date": "1980-03-14", "emails": ["anna@orange.fr"]}
_PAUL = {"given_name": "Paul", "birth_date": "1951-11-02", "emails": ["anne@orange.fr"]}
_BEATRICE = {"given_name": "Béatrice", "family_name": "Durand", "birth_name": "Martin"}
_BEA = {"given_name": "Bea", "family_name": "Durant", "cards": ["C1"]}
_CHLOE = {"given_name": "Chloé", "family_name": "Petit", "cards": ["C1"]}
_THEIRS = {"phones": ["0699887766"], "addresses": _PARC, "birth_date": "1990-01-23"}
_PEOPLE: list[dict[str, Any]] = [
    _MARTIN | _ANNE,
    _MARTIN | _ANNA,
    _MARTIN | _PAUL,
    _THEIRS | _BEATRICE | {"birth_date": "1980-03-14", "emails": ["bea@free.fr"]},
    _THEIRS | _BEA | {"phones": ["0320112233"], "emails": ["bea@free.fr"]},
    _THEIRS | _CHLOE | {"emails": ["chloe@free.fr"]},
]
_LEFT_OUT = (
    (),
    ("emails",),
    ("birth_date", "addresses"),
    ("phones", "addresses", "cards"),
    ("family_name", "birth_date"),
    ("emails", "phones", "cards"),
)
_TYPOS: tuple[dict[str, Any], ...] = (
    {},
    {"birth_date": "1980-03-15"},
    {"family_name": "Marttin"},
)


def _said(
    person: dict[str, Any], left_out: tuple[str, ...], typo: dict[str, Any]
) -> CustomerRecord:
    fields = (person | typo).items()
    return CustomerRecord(**{name: v for name, v in fields if name not in left_out})


_CONTACTS: tuple[dict[str, Any], ...] = (
    {"emails": ["anne@orange.fr"]},  # two of them hold it
    {"emails": ["anna@orange.fr"]},
    {"emails": ["bea@free.fr"], "phones": ["0320112233"]},
    {"emails": ["chloe@free.fr", "nobody@free.fr"]},
    {"emails": ["nobody@free.fr"]},
    {"phones": ["0699887766"]},
)

SAID = [_said(*what) for what in product(_PEOPLE, _LEFT_OUT, _TYPOS)]
SAID += [CustomerRecord(**one, contact_identifies=True) for one in _CONTACTS] * 3
"""All that a source may say of them; a history names it by its place."""
