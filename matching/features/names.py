"""Names of people as retailers hold them: French first, then their neighbours."""

from __future__ import annotations

import csv
import re
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

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
_NOT_LETTERS = re.compile(r"[^a-z ]+")


class Name(NamedTuple):
    """A person's names, folded: given names in order; family names, current first."""

    given: tuple[str, ...] = ()
    family: tuple[str, ...] = ()


@lru_cache(maxsize=100_000)
def given_names(text: str) -> tuple[str, ...]:
    """Return given names in order; a compound (Jean-Pierre) is one, `jean pierre`."""
    names: list[str] = []
    for part in _words_kept(text, "-").split():
        name = part.replace("-", " ").strip()
        if name and not (name in _CIVILITIES and not names):
            names.append(name)
    return () if is_placeholder(" ".join(names)) else tuple(names)


@lru_cache(maxsize=100_000)
def family_name(text: str) -> str:
    """Return a family name without civility and spaces; empty if there is none."""
    words = _without_civility(_letters(text).split())
    if is_placeholder(" ".join(words)):
        return ""
    core = list(words)
    while len(core) > 1 and core[0] in _DROPPED_PARTICLES:
        core = core[1:]
    name = "".join(core)
    return "" if is_placeholder(name) else name


@lru_cache(maxsize=100_000)
def family_names(text: str) -> tuple[str, ...]:
    """Return every family name in a field: `Dupont née Martin`, `Dupont-Martin`."""
    if is_placeholder(folded(text)):
        return ()
    names: list[str] = []
    for part in _OTHER_NAME.split(text):
        names.append(family_name(part))
        if "-" in part or "/" in part:
            names.extend(family_name(half) for half in re.split(r"\s*[-/]\s*", part))
    return tuple(dict.fromkeys(n for n in names if len(n) > 1))


@lru_cache(maxsize=100_000)
def split_full_name(text: str) -> Name:
    """Split a whole name: `M. Jean DUPONT`, `DUPONT Jean`, `Dupont, Jean`."""
    text = _WRITTEN_SHORT.sub(r"\1\2", without_placeholders(text))
    first, comma, second = text.partition(",")
    if comma and second.strip():
        return Name(given_names(second), family_names(first))
    words = [w for w in re.split(r"\s+", plain(text).strip()) if folded(w)]
    while words and folded(words[0]) in _CIVILITIES:
        words = words[1:]
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
    if _is_given(words[-1]) and not _is_given(words[0]):
        return words[-1:], words[:-1]
    start = len(words) - 1
    while start > 1 and folded(words[start - 1]) in _PARTICLES:
        start -= 1
    return words[:start], words[start:]


@lru_cache(maxsize=100_000)
def roots(given: str) -> tuple[str, ...]:
    """Return a given name with the full forms it may stand for (Bob: bob, robert)."""
    forms = {given, *_full_forms().get(given, ())}
    return tuple(sorted(forms))


def forms_of(given: tuple[str, ...]) -> list[str]:
    """Return every form the first given name may stand for.

    Two words may be one compound name, written without its hyphen.
    """
    forms = set(roots(given[0])) if given else set()
    if len(given) > 1 and " " not in given[0]:
        forms |= set(roots(f"{given[0]} {given[1]}"))
    return sorted(forms)


@cache
def _full_forms() -> dict[str, frozenset[str]]:
    forms: dict[str, set[str]] = {}
    french = {name for name, _ in _nicknames("fr")}
    for language in ("fr", "en", "xx"):
        for name, nickname in _nicknames(language):
            # In France, Jean is no pet form of Jane.
            if language == "fr" or nickname not in french:
                forms.setdefault(nickname, set()).add(name)
    return {nickname: frozenset(names) for nickname, names in forms.items()}


@cache
def _nicknames(language: str) -> tuple[tuple[str, str], ...]:
    source = resources.files("matching") / "data" / f"nicknames_{language}.csv"
    with source.open(encoding="utf-8") as lines:
        return tuple(
            (row["name"].replace("-", " "), nickname.replace("-", " "))
            for row in csv.DictReader(lines)
            for nickname in row["nicknames"].split()
        )


@cache
def _known_given() -> frozenset[str]:
    full = {name for names in _full_forms().values() for name in names}
    return frozenset(full | set(_full_forms()))


def _is_given(word: str) -> bool:
    return folded(word) in _known_given()


def _letters(text: str) -> str:
    return _NOT_LETTERS.sub(" ", folded(text).replace("'", " "))


def _words_kept(text: str, kept: str) -> str:
    """Fold the text, keeping one punctuation mark inside words."""
    parts = (_letters(part).strip() for part in re.split(f"\\s*[{kept}]\\s*", text))
    return kept.join(part for part in parts if part)


def _without_civility(words: list[str]) -> list[str]:
    while len(words) > 1 and words[0] in _CIVILITIES:
        words = words[1:]
    return words


@lru_cache(maxsize=100_000)
def skeleton(name: str) -> str:
    """Return the sounds a name is known by in spite of its spelling.

    First letter, then consonants, without doubles: Lefebvre, Lefevre; Thibault, Tibo.
    """
    text = name.replace(" ", "")
    for written, heard in _HEARD:
        text = text.replace(written, heard)
    if not text:
        return ""
    kept = text[0]
    for letter in text[1:]:
        if letter not in "aeiouyhw" and letter != kept[-1]:
            kept += letter
    return kept[:6]


_HEARD = (
    ("ph", "f"), ("th", "t"), ("ck", "k"), ("qu", "k"), ("sch", "s"), ("ch", "s"),
    ("bv", "v"), ("dt", "t"), ("c", "k"), ("q", "k"), ("z", "s"), ("x", "s"),
    ("j", "g"), ("y", "i"), ("mp", "n"), ("m", "n"),
)  # fmt: skip
