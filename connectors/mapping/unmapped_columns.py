"""Which columns of a row a mapping uses, and which of a source's nobody asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.mapping import required_columns
from connectors.mapping.mapping_file import Target

_MOST_SHAPES = 1_000


def used(targets: Iterable[Target]) -> frozenset[str]:
    """Return the columns that some field, condition or position is read from."""
    found: set[str] = set()
    for one in targets:
        parts = (one.id, one.record, one.deleted, one.when, *one.position)
        found = found.union(one.drop, *required_columns.of(parts))
    return frozenset(found)


@dataclass(slots=True)
class Unmapped:
    """By table, the columns met that no field uses: they are kept in the raw row."""

    _used: Mapping[str, frozenset[str]]
    _met: dict[str, set[str]] = field(default_factory=dict)
    _shapes: set[tuple[str, ...]] = field(default_factory=set)

    def note(self, table: str, payload: Mapping[str, Any]) -> None:
        """Look at a row's columns, at each set of them once."""
        shape = (table, *payload)
        if shape in self._shapes or len(self._shapes) >= _MOST_SHAPES:
            return
        self._shapes.add(shape)
        more = payload.keys() - self._used.get(table, frozenset())
        if more:
            self._met.setdefault(table, set()).update(more)

    def columns(self) -> dict[str, list[str]]:
        """Return them, in order."""
        return {table: sorted(found) for table, found in sorted(self._met.items())}
