"""Names of people as retailers hold them: French first, then their neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from matching.features.name_variants import is_given_name
from matching.features.placeholders import is_placeholder, without_placeholders
from matching.features.text_folding import folded, plain

_CIVILITIES = frozenset(
    """
    m mr mme mlle melle monsieur madame mademoiselle messieurs mesdames mm mmes
    mrs ms miss mister sir dr docteur doctor pr prof professeur me maitre
    herr frau fraulein hr fr sr sra srta don dona senor senora senorita
    sig signor signora signorina sigra dhr mevr mevrouw meneer ing dott dottssa
    veuve vve epouse ep
    """.split()
)
_BORN = frozenset("nee ne born geb geborene nata nato".split())
_MARRIED = frozenset("epouse ep veuve vve".split())
_OTHER_NAME = re.compile(
    r"\b(?:née?|ne[eé]?|born|geb|geborene|nat[ao]|[ée]pouse|[ée]p|veuve|vve)\b\.?\s+",
    re.IGNORECASE,
)
_WRITTEN_SHORT = re.compile(r"\b(sig|dott)\.(ra|na|ssa)\b", re.IGNORECASE)
_PARTICLES = frozenset(
    """
    de du des d la le les l da das do dos del della dello delle dei degli di
    van von vom zu zum zur den der het ten ter te t el al ben bin ibn abd
    mac mc o saint sainte st ste san santa
    """.split()
)
_DROPPED_PARTICLES = frozenset("de du des d la le les l da das do dos del".split())
_SAINTS = {"st": "saint", "ste": "sainte"}
_AND = frozenset("et ou und and y e".split())
_APOSTROPHE = re.compile(r"(?<=[A-Za-z])['`]\s*(?=[A-Za-z])")
_ELIDED = re.compile(r"\b([dl])['`]\s*", re.IGNORECASE)
_NOT_LETTERS = re.compile(r"[^a-z ]+")


class Name(NamedTuple):
    """A person's names, folded: given names in order; family names, current first."""

    given: tuple[str, ...] = ()
    family: tuple[str, ...] = ()


@lru_cache(maxsize=100_000)
def given_names(text: str) -> tuple[str, ...]:
    """Return given names in order; a compound (Jean-Pierre) is one, `jean pierre`.

    The initials of a compound (J.-P.) are two, like those written without a hyphen.
    """
    names: list[str] = []
    for part in _hyphenated(text):
        parts = part.split("-")
        found = parts if all(len(p) == 1 for p in parts) else [" ".join(parts)]
        names += [name for name in found if names or name not in _CIVILITIES]
    return () if is_placeholder(" ".join(names)) else tuple(names)


@lru_cache(maxsize=100_000)
def family_name(text: str) -> str:
    """Return a family name in one word: `Le Guen` and `LEGUEN` are leguen.

    A civility before it is no part of it; `St-Pierre` is saintpierre. Empty if the
    text holds no name.
    """
    words = _family_words(text)
    name = "".join(words)
    return "" if is_placeholder(" ".join(words)) or is_placeholder(name) else name


@lru_cache(maxsize=100_000)
def family_names(text: str) -> tuple[str, ...]:
    """Return every name that a field may be known by, the whole one first.

    `Dupont née Martin` are two; of a double name (`Dupont-Martin`, `Dupont Martin`)
    each half is one too, and a name is known without its particles: `de La Tour` is
    delatour, latour and tour.
    """
    if is_placeholder(folded(text)):
        return ()
    names: list[str] = []
    for part in _OTHER_NAME.split(text):
        names.append(family_name(part))
        for half in _halves(_family_words(part)):
            names.append("".join(half))
            while len(half) > 1 and half[0] in _DROPPED_PARTICLES:
                half = half[1:]
                names.append("".join(half))
    return tuple(
        dict.fromkeys(n for n in names if len(n) > 1 and not is_placeholder(n))
    )


def _halves(words: list[str]) -> list[list[str]]:
    """Part the words of a double family name, particles with the word they precede."""
    halves: list[list[str]] = [[]]
    for word in words:
        if halves[-1] and halves[-1][-1] not in _PARTICLES:
            halves.append([])
        halves[-1].append(word)
    return halves


def _family_words(text: str) -> list[str]:
    """Return the words of a family name: no civility, saints in full, particles."""
    words = _letters(_ELIDED.sub(r"\1 ", plain(text))).split()
    words = _without_civility(words)
    last = len(words) - 1
    return [_SAINTS.get(w, w) if i < last else w for i, w in enumerate(words)]


def name_words(fields: Iterable[str | None]) -> str:
    """Return the words of a person's name fields, in the order of the alphabet.

    So the order and the fields in which they were written play no part.
    """
    words: set[str] = set()
    for text in filter(None, fields):
        words.update(_without_civility(_letters(text.replace("-", " ")).split()))
    return " ".join(sorted(words))


def civilities(text: str) -> tuple[str, ...]:
    """Return the civilities before a name, folded: `M. et Mme Roux` has m and mme."""
    words = text.replace("&", " et ").split()
    return tuple(word for word in _civil_words(words) if word not in _AND)


def _civil_words(words: list[str]) -> list[str]:
    """Return the words before the name, folded; at least one word is the name."""
    found = [folded(word) for word in words]
    kept = 0
    while kept < len(found) - 1 and (
        found[kept] in _CIVILITIES or (kept and found[kept] in _AND)
    ):
        kept += 1
    return found[:kept]


@lru_cache(maxsize=100_000)
def split_full_name(text: str) -> Name:
    """Split a whole name: `M. Jean DUPONT`, `DUPONT Jean`, `Dupont, Jean`."""
    text = _WRITTEN_SHORT.sub(r"\1\2", without_placeholders(text))
    first, comma, second = text.partition(",")
    if comma and second.strip():
        return Name(given_names(second), family_names(first))
    words = [w for w in plain(text).replace("&", " et ").split() if folded(w)]
    before_name = len(_civil_words(words))
    words = words[before_name:]
    if before_name and len(words) == 1:  # M. Lemaitre: nobody says Mr and a first name
        return Name((), family_names(words[0]))
    said = next((i for i, w in enumerate(words) if i and _tells_another(w)), None)
    before, after = words[:said], words[said + 1 :] if said else []
    if said == 1:  # a family name alone: `Dupont née Martin Anne`
        family, given = before, after[1:] and after[-1:]
        after = after[:-1] or after
    else:
        given, family = _parted(before)
    names = [family_names(" ".join(family)), family_names(" ".join(after))]
    if said and folded(words[said]) in _MARRIED:
        names.reverse()  # the current name first
    return Name(given_names(" ".join(given)), tuple(dict.fromkeys(sum(names, ()))))


def _tells_another(word: str) -> bool:
    return folded(word) in _BORN | _MARRIED


def _parted(words: list[str]) -> tuple[list[str], list[str]]:
    """Part the words of a whole name into given and family names."""
    capitals = [len(w) > 1 and w.isupper() for w in words]
    if any(capitals) and not all(capitals):
        return (
            [w for w, high in zip(words, capitals, strict=True) if not high],
            [w for w, high in zip(words, capitals, strict=True) if high],
        )
    if len(words) < 2:
        return words, []
    if is_given_name(words[-1]) and not is_given_name(words[0]):
        return words[-1:], words[:-1]
    start = len(words) - 1
    while start > 1 and folded(words[start - 1]) in _PARTICLES:
        start -= 1
    return words[:start], words[start:]


def _letters(text: str) -> str:
    """Return the letters of a text, folded; an apostrophe joins (M'Bala is mbala)."""
    return _NOT_LETTERS.sub(" ", folded(_APOSTROPHE.sub("", plain(text))))


def _hyphenated(text: str) -> list[str]:
    """Return the folded words of a text, hyphens inside them kept."""
    parts = (_letters(part).strip() for part in text.split("-"))
    return "-".join(part for part in parts if part).split()


def _without_civility(words: list[str]) -> list[str]:
    return words[len(_civil_words(words)) :]
