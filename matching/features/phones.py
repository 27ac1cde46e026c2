"""Phone numbers in international form, read as the person's region writes them."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

from matching.features.placeholders import is_placeholder_number
from matching.features.text_folding import plain, squeezed

HOME_REGION = "FR"
_OVERSEAS = {
    "971": "GP", "972": "MQ", "973": "GF", "974": "RE", "975": "PM", "976": "YT",
    "977": "BL", "978": "MF", "986": "WF", "987": "PF", "988": "NC",
}  # fmt: skip
_COUNTRIES = {
    "france": "FR", "belgique": "BE", "belgium": "BE", "belgie": "BE", "suisse": "CH",
    "switzerland": "CH", "schweiz": "CH", "luxembourg": "LU", "allemagne": "DE",
    "germany": "DE", "deutschland": "DE", "espagne": "ES", "spain": "ES",
    "espana": "ES", "italie": "IT", "italy": "IT", "italia": "IT", "paysbas": "NL",
    "netherlands": "NL", "nederland": "NL", "royaumeuni": "GB", "unitedkingdom": "GB",
    "uk": "GB", "england": "GB", "portugal": "PT", "monaco": "MC", "usa": "US",
    "unitedstates": "US", "etatsunis": "US", "canada": "CA", "australia": "AU",
    "irlande": "IE", "ireland": "IE", "autriche": "AT", "austria": "AT",
    "osterreich": "AT", "laréunion": "RE", "reunion": "RE", "guadeloupe": "GP",
    "martinique": "MQ", "guyane": "GF", "mayotte": "YT",
}  # fmt: skip
_EXTENSION = re.compile(r"\s*(?:poste|ext|extension|x|#)\.?\s*\d{1,5}$", re.IGNORECASE)
_SHORTEST, _LONGEST = 7, 15
_FRENCH = re.compile(r"(?:\+33|0033|0)\s*\(?0?\)?([1-9](?:[ .\-]?\d\d){4})")


def phone_region(country: str | None, postal_code: str | None) -> str:
    """Return the region whose habits a number without a prefix follows."""
    region = HOME_REGION
    if country and (name := squeezed(country)):
        two_letters = name.upper() if len(name) == 2 and name != "uk" else HOME_REGION
        region = _COUNTRIES.get(name, two_letters)
    if region == HOME_REGION and postal_code:
        return _OVERSEAS.get(squeezed(postal_code)[:3], region)
    return region


@lru_cache(maxsize=200_000)
def phone_key(text: str, region: str = HOME_REGION) -> str:
    """Return the number as +33612345678; empty if it is no number that can ring.

    One that no plan of the region holds was typed by a foreigner: it stays as its
    digits, which still agree with themselves.
    """
    written = _EXTENSION.sub("", plain(text).strip())
    if region == HOME_REGION and (french := _FRENCH.fullmatch(written)):
        digits = re.sub(r"\D", "", french[1])  # the common case, 50 times as fast
        return "" if is_placeholder_number(digits) else f"+33{digits}"
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return ""
    national = str(number.national_number)
    if is_placeholder_number(national):
        return ""
    if not phonenumbers.is_possible_number(number):
        digits = re.sub(r"\D", "", written)
        return digits if _SHORTEST <= len(digits) <= _LONGEST else ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
