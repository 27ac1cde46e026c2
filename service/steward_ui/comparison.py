"""Two records side by side: which fields are alike, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

LONGEST = 200
"""Characters of one value that are shown and compared; a name can have 10,000."""

FIELDS = (
    "given_name",
    "family_name",
    "birth_name",
    "full_name",
    "title",
    "gender",
    "birth_date",
    "emails",
    "phones",
    "addresses",
    "cards",
    "national_id",
    "language",
    "preferences",
    "owner",
)
_ADDRESS = ("street_number", "street", "postal_code", "city", "region", "country")


class Piece(NamedTuple):
    """A part of a value, and whether the other side has it too."""

    text: str
    differs: bool


class Row(NamedTuple):
    """One field of both records."""

    field: str
    state: str  # equal, differs, one_side
    left: list[Piece]
    right: list[Piece]


def rows(left: dict[str, Any], right: dict[str, Any]) -> list[Row]:
    """Return the fields that either record has, in the order of reading."""
    found = []
    for field in FIELDS:
        here, there = written(left.get(field)), written(right.get(field))
        if here or there:
            found.append(_row(field, here, there))
    return found


def written(value: Any) -> str:
    """Return a field's value on one line, cut where nobody would read on."""
    return cut(" · ".join(_parts(value)))


def cut(text: str) -> str:
    """Return a text, cut where nobody would read on."""
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _parts(value: Any) -> Iterator[str]:
    if value in (None, "", [], {}):
        return
    if isinstance(value, list):
        for one in value:
            yield from _parts(one)
    elif isinstance(value, dict) and set(value) <= set(_ADDRESS):
        yield " ".join(str(value[part]) for part in _ADDRESS if value.get(part))
    elif isinstance(value, dict):
        yield from (f"{name}: {one}" for name, one in sorted(value.items()))
    else:
        yield str(value)


def _row(field: str, here: str, there: str) -> Row:
    if here == there:
        return Row(field, "equal", [Piece(here, False)], [Piece(there, False)])
    if not here or not there:
        sides = [[Piece(text, False)] if text else [] for text in (here, there)]
        return Row(field, "one_side", *sides)
    codes = SequenceMatcher(None, here, there, autojunk=False).get_opcodes()
    left = [(op != "equal", here[a:b]) for op, a, b, _, _ in codes]
    right = [(op != "equal", there[c:d]) for op, _, _, c, d in codes]
    return Row(field, "differs", _pieces(left), _pieces(right))


def _pieces(parts: Sequence[tuple[bool, str]]) -> list[Piece]:
    return [Piece(text, differs) for differs, text in parts if text]
