"""Values that stand for no value: what a till operator types to get to the next field.

Known by their form here; values shared by too many people are found in training.
"""

from __future__ import annotations

import re
from datetime import date

_WORDS = frozenset(
    """
    na nan nc nr nd ns nsp none null nil vide void empty neant aucun aucune sans rien
    inconnu inconnue unknown unbekannt desconocido sconosciuto onbekend undefined
    anonyme anonymous anonym anonimo test teste testing essai tbd tba
    client cliente customer passage divers particulier personne
    xxx xx x aaa azerty qwerty qsdf asdf abc abcd
    """.split()
)
_PHRASES = frozenset(
    phrase.strip()
    for phrase in """
    ne sait pas|non renseigne|non renseignee|non communique|non precise|non connu
    pas de nom|pas de prenom|pas d email|pas de mail|pas d adresse|sans nom|sans prenom
    a completer|a renseigner|n a|n c|not known|not available|not provided|no name
    client de passage|client passage|client magasin|keine angabe|k a|no consta
    """.replace("\n", "|").split("|")
) - {""}
_MAILBOX = frozenset(
    """
    none no non nomail noemail nomel nope null na aucun aucune sans sansmail sansemail
    pasdemail pasdemel pasdadresse pasemail inconnu unknown test tests test1 aaa aa a
    xxx xx x abc azerty qwerty mail email nom prenom noreply nobody
    """.split()
)
_COMMON_MAILBOX = frozenset("a aa aaa x xx xxx abc mail email nom prenom".split())
"""Of these, what a person may well be called at a domain of their own."""

_PROVIDERS = frozenset(
    """
    gmail googlemail hotmail outlook live msn yahoo ymail icloud me mac aol gmx
    orange wanadoo free sfr laposte bbox neuf numericable club-internet aliceadsl
    voila cegetel noos skynet telenet proximus bluewin web t-online freenet libero
    proton protonmail pm posteo mailo
    """.split()
)
_MAIL_DOMAINS = frozenset(
    """
    none no nomail noemail null aucun sansmail pasdemail inconnu test example exemple
    xxx aaa localhost invalid
    """.split()
)
_STAND_IN_DATES = frozenset(
    {date(1, 1, 1), date(1111, 11, 11), date(1900, 1, 1), date(1970, 1, 1)}
)
_SAID_IN_PASSING = re.compile(
    r"\b(?:ne\s+sait\s+pas|non\s+(?:renseign|communiqu|pr[eé]cis)[eé]+|inconnue?|unknown)\b",
    re.I,
)
_ONE_CHARACTER = re.compile(r"(.)\1+")


def is_placeholder(folded: str) -> bool:
    """Say whether a folded word or phrase stands for no value."""
    if not folded or folded in _WORDS or folded in _PHRASES:
        return True
    letters = folded.replace(" ", "")
    return len(letters) > 2 and _ONE_CHARACTER.fullmatch(letters) is not None


def without_placeholders(text: str) -> str:
    """Return a name without a phrase that stands for its missing part."""
    return _SAID_IN_PASSING.sub(" ", text)


def is_placeholder_email(local: str, domain: str) -> bool:
    """Say whether a mailbox was typed for want of one (`none@none.fr`)."""
    name = domain.partition(".")[0]
    if name in _MAIL_DOMAINS:
        return True
    return local in _MAILBOX or _repeats(local)


def is_own_mailbox(local: str, domain: str) -> bool:
    """Say whether a common word may be somebody's mailbox: at a domain of their own."""
    name = domain.partition(".")[0]
    return (
        local in _COMMON_MAILBOX
        and name not in _PROVIDERS | _MAIL_DOMAINS | _MAILBOX
        and len(name) > 2
        and not _repeats(name)
    )


def is_placeholder_number(digits: str) -> bool:
    """Say whether a number was typed for want of one (0000000000, 0123456789)."""
    tail = digits[-8:]
    return (
        len(set(tail)) <= 1
        or tail in "01234567890123456789"
        or tail in "98765432109876543210"
    )


def is_placeholder_date(day: date) -> bool:
    """Say whether a date is one that systems store for want of one."""
    return day in _STAND_IN_DATES or day.year >= 9999


def _repeats(text: str) -> bool:
    return len(text) > 2 and _ONE_CHARACTER.fullmatch(text) is not None
