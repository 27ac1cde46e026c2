"""Watch the shape of the captured tables while their rows pass by."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.contract import Note, Payload, RetryLater, StopSource
from connectors.debezium.table_schema import (
    Act,
    SchemaChange,
    TableSchema,
    drifts,
    missing,
)
from connectors.mapping.columns import Need

_EVERY_S = 5.0

Shapes = dict[str, TableSchema]


class ReadAgain(RetryLater):
    """The rows changed in a way that no log tells: only a snapshot mends it."""


@dataclass(slots=True)
class SchemaWatch:
    """The shapes that the rows published so far were read under.

    `look` reads the catalogue. It is asked at the start, when a row has other columns
    than its table had, and every few seconds: not every change of a table shows in
    its rows.
    """

    look: Callable[[], Shapes]
    needs: Mapping[str, Sequence[Need]]
    known: Shapes
    _seen: set[tuple[str, frozenset[str]]] = field(default_factory=set)
    _looked_at: float = 0.0
    _local: dict[str, tuple[TableSchema | None, tuple[str, ...]]] = field(
        default_factory=dict
    )

    def notes(self, rows: Iterable[tuple[str, frozenset[str]]]) -> list[Note]:
        """Return what is new about the tables of these rows (table, columns).

        Raise StopSource for what the mapping does not survive, ReadAgain for what
        only a snapshot shows.
        """
        unseen = {one for one in rows if one not in self._seen}
        self._seen |= unseen
        strange = any(self._is_strange(*one) for one in unseen)
        if not strange and time.monotonic() - self._looked_at < _EVERY_S:
            return []
        found = self._compared(self.look())
        self._looked_at = time.monotonic()
        return [Note(one.problem, one.remedy) for one in found]

    def with_local_times(self, table: str, payload: Payload) -> Payload:
        """Return the row with times that have no zone told without one.

        Debezium writes a Z after them too, as if they were of UTC.
        """
        shape = self.known.get(table)
        if shape is None:
            return payload
        if self._local.get(table, (None, ()))[0] is not shape:
            self._local[table] = (shape, shape.local_times)
        told = {
            name: value.removesuffix("Z")
            for name in self._local[table][1]
            if isinstance(value := payload.get(name), str)
        }
        return payload | told if told else payload

    def stored(self) -> dict[str, Any]:
        """Return the shapes as JSON, for the offset."""
        return {table: shape.stored() for table, shape in self.known.items()}

    def _is_strange(self, table: str, columns: frozenset[str]) -> bool:
        shape = self.known.get(table)
        return shape is not None and shape.names != columns

    def _compared(self, now: Shapes) -> list[SchemaChange]:
        for table in self.known.keys() - now.keys():
            raise RetryLater(
                f"Table {table} is gone.",
                remedy="Create it again, or take it out of the mapping file.",
            )
        found = [
            drift
            for table, shape in now.items()
            for drift in drifts(
                table, self.known.get(table, shape), shape, self.needs.get(table, ())
            )
        ]
        for drift in found:
            if drift.act is Act.PAUSE:
                raise StopSource(drift.problem, remedy=drift.remedy)
        again = [drift for drift in found if drift.act is Act.READ_AGAIN]
        if again:
            said = " ".join(drift.problem for drift in again)
            raise ReadAgain(said, remedy=again[0].remedy)
        self.known = now
        return found


def read(stored: Any) -> Shapes:
    """Return the shapes that an offset holds."""
    return {table: TableSchema.read(shape) for table, shape in (stored or {}).items()}


def require(shapes: Shapes, needs: Mapping[str, Sequence[Need]]) -> None:
    """Raise StopSource for a table without a key or without a column it needs."""
    for table, shape in shapes.items():
        if not shape.key:
            raise StopSource(
                f"Table {table} has no primary key: a change of it tells no record.",
                remedy=f"ALTER TABLE {table} ADD PRIMARY KEY (…).",
            )
        for drift in missing(table, shape, needs.get(table, ())):
            raise StopSource(drift.problem, remedy=drift.remedy)
