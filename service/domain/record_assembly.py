"""One record of what several tables of a system say of a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.source_record import MOST_ADDRESSES, MOST_CONTACTS, MOST_PREFERENCES

_MOST = {
    "emails": MOST_CONTACTS,
    "phones": MOST_CONTACTS,
    "cards": MOST_CONTACTS,
    "addresses": MOST_ADDRESSES,
}
"""Lists that are joined, and how many values a record holds of each."""


class Part(NamedTuple):
    """What one row says: table and row are '' for the record's own."""

    table: str
    row: str
    record: Mapping[str, Any]
    raw: Mapping[str, Any] | None = None


def assembled(own: Mapping[str, Any], parts: Iterable[Part]) -> dict[str, Any]:
    """Return the record with what its parts add, whatever the order they come in.

    The record's own value stands; a missing one is taken from the first part that has
    it, by table and then by row, numbers as numbers. Lists and preferences are joined,
    each value once, as far as a record holds them; `updated_at` is the latest.
    """
    found = dict(own)
    for part in in_order(parts):
        for name, value in part.record.items():
            if name in _MOST:
                found[name] = _joined(found.get(name, []), value, _MOST[name])
            elif name == "preferences":
                known = found.get(name, {})
                more = {key: value[key] for key in value if key not in known}
                found[name] = dict([*known.items(), *more.items()][:MOST_PREFERENCES])
            elif name == "updated_at" and name in found:
                found[name] = max(found[name], value, key=datetime.fromisoformat)
            else:
                found.setdefault(name, value)
    return found


def assembled_raw(
    own: Mapping[str, Any] | None, parts: Iterable[Part]
) -> dict[str, Any] | None:
    """Return the record's own raw row, with those of its parts under `table[]`."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for part in in_order(parts):
        if part.raw is not None:
            rows.setdefault(f"{part.table}[]", []).append(part.raw)
    return {**(own or {}), **rows} if own is not None or rows else None


def in_order(parts: Iterable[Part]) -> list[Part]:
    """Return the parts by table, then by row: 9 comes before 10."""
    return sorted(parts, key=lambda one: (one.table, _natural(one.row), one.row))


def _natural(row: str) -> tuple[int, str]:
    is_number = row.isascii() and row.isdigit()
    return (len(row.lstrip("0")), row.lstrip("0")) if is_number else (1_000, row)


def _joined(known: Sequence[Any], more: Sequence[Any], most: int) -> list[Any]:
    joined = list(known)
    joined += [value for value in _once(more) if value not in known]
    return joined[:most]


def _once(values: Sequence[Any]) -> list[Any]:
    return [value for i, value in enumerate(values) if value not in values[:i]]
