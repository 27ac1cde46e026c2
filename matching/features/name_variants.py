"""What one name may be written as: full and pet forms, other spellings, its sounds."""

from __future__ import annotations

import csv
from functools import cache, lru_cache
from importlib import resources

from matching.features.text_folding import folded


@lru_cache(maxsize=100_000)
def roots(given: str) -> tuple[str, ...]:
    """Return a given name with the forms it may stand for: bob and robert."""
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
    french = {name for name, _ in _listed("nicknames_fr")}
    for file in ("nicknames_fr", "spellings", "nicknames_en", "nicknames_xx"):
        foreign = file in ("nicknames_en", "nicknames_xx")
        for name, nickname in _listed(file):
            # In France, Jean is no pet form of Jane.
            if not foreign or nickname not in french:
                forms.setdefault(nickname, set()).add(name)
    return {nickname: frozenset(names) for nickname, names in forms.items()}


@cache
def _listed(file: str) -> tuple[tuple[str, str], ...]:
    """Return (name, other form) for every other form in a file of names."""
    source = resources.files("matching") / "data" / f"{file}.csv"
    with source.open(encoding="utf-8") as lines:
        return tuple(
            (name.replace("-", " "), other.replace("-", " "))
            for name, others in list(csv.reader(lines))[1:]
            for other in others.split()
        )


@cache
def _known_given() -> frozenset[str]:
    full = {name for names in _full_forms().values() for name in names}
    return frozenset(full | set(_full_forms()))


@cache
def _full_names() -> frozenset[str]:
    both = [*_listed("nicknames_fr"), *_listed("genders")]
    return frozenset(
        {name for name, _ in both} | {her for _, her in _listed("genders")}
    )


def is_full_name(given: str) -> bool:
    """Say whether a given name is one for certain, and no slip of the pen."""
    return given in _full_names()


def is_given_name(word: str) -> bool:
    """Say whether a word is a given name that the lists know."""
    return folded(word) in _known_given()


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
    ("bv", "v"), ("dt", "t"), ("ou", "u"), ("c", "k"), ("q", "k"), ("z", "s"),
    ("x", "s"), ("j", "g"), ("y", "i"), ("mp", "n"), ("m", "n"),
)  # fmt: skip
