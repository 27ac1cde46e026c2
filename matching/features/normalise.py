"""One customer record as the matcher reads it; what was received is never changed."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

from matching.features.addresses import Place, place_of
from matching.features.dates import birth_key
from matching.features.emails import email_keys, mailbox
from matching.features.name_variants import forms_of, skeleton
from matching.features.names import (
    Name,
    civilities,
    family_names,
    given_names,
    name_words,
    split_full_name,
)
from matching.features.phones import phone_keys, phone_region
from matching.features.placeholders import is_placeholder, is_placeholder_number
from matching.features.text_folding import folded, squeezed
from schemas.source_record import Address, CustomerRecord

STANDARDISER = "3"
"""Version of the standardiser: raise it with every change of what a value becomes."""

Features = dict[str, Any]
"""A record as the model compares it: JSON values; None where nothing is known."""

TEXTS = (
    "name_words", "given", "given_initial", "given_sound", "common_given", "family",
    "family_sound", "birth_date", "birth_year", "gender", "mailbox", "street_number",
    "street", "address", "postal_code", "city", "place", "national_id",
)  # fmt: skip
LISTS = (
    "given_names", "given_roots", "family_names", "names", "whole_names", "emails",
    "phones", "cards",
)  # fmt: skip

CONTACT_ONLY = "contact_only"
"""True, where its system lets a contact identify, of a record that holds no more."""
CONTACTS = ("emails", "mailbox", "phones")
"""The features of a contact; all others tell who a person is, or where at home."""

MOST_WHOLE_NAMES = 16
_GENDERS = {
    "m": "m", "male": "m", "man": "m", "h": "m", "homme": "m", "masculin": "m",
    "monsieur": "m", "mr": "m", "1": "m", "herr": "m", "sr": "m",
    "f": "f", "female": "f", "woman": "f", "femme": "f", "feminin": "f", "2": "f",
    "madame": "f", "mademoiselle": "f", "mme": "f", "mlle": "f", "mrs": "f",
    "ms": "f", "miss": "f", "frau": "f", "sra": "f", "w": "f",
}  # fmt: skip


def normalise(
    record: CustomerRecord, *, birth_date: str | None = None, birth_year: str = ""
) -> Features:
    """Return the features of a record; `birth_date` stands in for a date as written.

    Where no more than the year of birth is known, it comes in `birth_year`. What
    depends on how frequent a value is (`tf_*`, `common_given`) is the model's to add.
    """
    name = _names(record)
    address = _best_address(record.addresses)
    place = place_of(address)
    emails = _distinct(key for text in record.emails for key in email_keys(text))
    region = phone_region(address.country, place.postal_code)
    born = birth_key(record.birth_date) if birth_date is None else birth_date
    given = name.given[0] if name.given else ""
    family = name.family[0] if name.family else ""
    features: Features = {
        "name_words": name_words(
            (record.given_name, record.family_name, record.full_name)
        ),
        "given": given,
        "given_names": list(name.given),
        "given_roots": forms_of(name.given),
        "given_initial": given[:1],
        "given_sound": skeleton(given),
        "common_given": "",
        "family": family,
        "family_names": list(name.family),
        "family_sound": skeleton(family),
        "names": _distinct((*name.given, *name.family)),
        "whole_names": _whole_names(name),
        "birth_date": born,
        "birth_year": born[:4] or birth_year,
        "gender": _gender(record),
        "emails": emails,
        "mailbox": mailbox(emails[0]) if emails else "",
        "phones": _distinct(
            key for text in record.phones for key in phone_keys(text, region)
        ),
        "street_number": place.number,
        "street": place.street,
        "address": _whole(place),
        "postal_code": place.postal_code,
        "city": place.town,
        "place": place.postal_code or place.town,
        "cards": _distinct(map(_identifier, record.cards)),
        "national_id": _identifier(record.national_id or ""),
    }
    found = {column: value or None for column, value in features.items()}
    if record.contact_identifies and _holds_a_contact_alone(found):
        found[CONTACT_ONLY] = True
    return found


def _holds_a_contact_alone(features: Features) -> bool:
    known = {column for column, value in features.items() if value is not None}
    return bool(known) and known.issubset(CONTACTS)


def _names(record: CustomerRecord) -> Name:
    whole = split_full_name(record.full_name) if record.full_name else Name()
    given = given_names(record.given_name) if record.given_name else ()
    family: tuple[str, ...] = ()
    for field in (record.family_name, record.birth_name):
        family += family_names(field) if field else ()
    if given and not family and not record.full_name:
        return Name(given)
    # The whole name adds what the parts do not hold (a second given name).
    held = {*given, *(part for name in family for part in (name, name[:1]))}
    more = [n for n in whole.given if n not in held and n.replace(" ", "") not in held]
    return Name(
        tuple(dict.fromkeys((*given, *more))),
        tuple(dict.fromkeys(family or whole.family)),
    )


def _whole_names(name: Name) -> list[str]:
    """Return given with family names in one order, so that a swap changes nothing."""
    pairs = product(forms_of(name.given), name.family)
    return sorted({" ".join(sorted(pair)) for pair in pairs})[:MOST_WHOLE_NAMES]


def _gender(record: CustomerRecord) -> str:
    for said in (record.gender, record.title):
        if said and (gender := _GENDERS.get(folded(said))):
            return gender
    for name in (record.full_name, record.family_name):
        before = {_GENDERS.get(word, "") for word in civilities(name or "")} - {""}
        if len(before) == 1:  # `M. et Mme` says nothing
            return before.pop()
    return ""


def _best_address(addresses: Iterable[Address]) -> Address:
    """Return the most complete address, the first of equals."""
    return max(
        addresses,
        key=lambda a: sum(map(bool, (a.street, a.postal_code, a.city))),
        default=Address(),
    )


def _whole(place: Place) -> str:
    parts = place.number, place.street, place.postal_code or place.town
    return " ".join(parts) if all(parts) else ""


def _identifier(text: str) -> str:
    key = squeezed(text)
    if len(key) < 4 or is_placeholder(key):
        return ""
    return "" if key.isdigit() and is_placeholder_number(key) else key


def _distinct(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})
