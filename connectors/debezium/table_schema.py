"""The shape of a table, and what it means that it is another than before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self

from connectors.mapping.columns import Need


class Act(Enum):
    """What a connector does about a drift."""

    GO_ON = "go on"
    READ_AGAIN = "read again"
    PAUSE = "pause"


_LOCAL_TIME = re.compile(r"timestamp(?:\(\d\))? without|datetime")
"""PostgreSQL's and MariaDB's; a `timestamp` of MariaDB has the zone UTC."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the database's catalogue has it; `place` outlives a new name."""

    name: str
    type: str
    nullable: bool
    place: int
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table: which one it is, its primary key and its columns."""

    identity: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> frozenset[str]:
        """The names of the columns."""
        return frozenset(column.name for column in self.columns)

    @property
    def local_times(self) -> tuple[str, ...]:
        """The columns that hold a time without a zone."""
        return tuple(c.name for c in self.columns if _LOCAL_TIME.match(c.type))

    def stored(self) -> list[Any]:
        """Return it as JSON; `Shape.read` takes it back."""
        columns = [
            [c.name, c.type, c.nullable, c.place, c.encoding] for c in self.columns
        ]
        return [self.identity, list(self.key), columns]

    @classmethod
    def read(cls, stored: Any) -> Self:
        """Return the shape that was stored."""
        identity, key, columns = stored
        return cls(identity, tuple(key), tuple(Column(*one) for one in columns))


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One difference between a table and what it was."""

    kind: str
    act: Act
    problem: str
    remedy: str


_REMAP = "To use it, name it in the mapping file and start with --resnapshot."
_AGAIN = "The table is read again; what no longer fits goes to the dead letters."
_NOTHING = "Nothing to do."


def drifts(
    table: str, before: TableSchema, now: TableSchema, needs: Sequence[Need]
) -> Iterator[SchemaChange]:
    """Yield what changed, the gravest first."""
    if before.key != now.key:
        yield _key_changed(table, before, now)
    renamed = dict(_renamed(before, now))
    if before.identity != now.identity:
        yield SchemaChange(
            "table re-created",
            Act.READ_AGAIN,
            f"Table {table} was dropped and created anew.",
            _AGAIN,
        )
    yield from missing(table, now, needs, renamed)
    yield from _come_and_gone(table, before, now, renamed)
    yield from _altered(table, before, now)


def missing(
    table: str,
    now: TableSchema,
    needs: Sequence[Need],
    renamed: dict[str, str] | None = None,
) -> Iterator[SchemaChange]:
    """Yield each need of the mapping that the table does not meet."""
    for need in needs:
        if need & now.names:
            continue
        names = " or ".join(sorted(need))
        later = [renamed[name] for name in need if renamed and name in renamed]
        # Rows from before the change may still wait in the log, under the old name.
        both = f"Write `{' || '.join([*later, *sorted(need)])}`"
        remedy = f"{both} in its place" if later else "Take it out"
        yield SchemaChange(
            "renamed" if later else "dropped",
            Act.PAUSE,
            f"Table {table} has no column {names}, which the mapping reads"
            + (f"; it is called {later[0]} now." if later else "."),
            f"{remedy} in the mapping file, then start the connector again.",
        )


def _key_changed(table: str, before: TableSchema, now: TableSchema) -> SchemaChange:
    old, new = (", ".join(one.key) or "nothing" for one in (before, now))
    return SchemaChange(
        "key",
        Act.PAUSE,
        f"The primary key of table {table} was ({old}) and is ({new}).",
        "See that `id` in the mapping file still names one record, then start with "
        "--resnapshot.",
    )


def _renamed(before: TableSchema, now: TableSchema) -> Iterator[tuple[str, str]]:
    places = {column.place: column for column in now.columns}
    for column in before.columns:
        there = places.get(column.place)
        if there is None or column.name in now.names or there.name in before.names:
            continue
        if there.type == column.type:
            yield column.name, there.name


def _come_and_gone(
    table: str, before: TableSchema, now: TableSchema, renamed: dict[str, str]
) -> Iterator[SchemaChange]:
    for old, new in renamed.items():
        said = f"Column {old} of table {table} is called {new} now."
        yield SchemaChange("renamed", Act.GO_ON, said, _NOTHING)
    for name in sorted(now.names - before.names - set(renamed.values())):
        said = f"Table {table} has a new column {name}; it is kept raw."
        yield SchemaChange("added", Act.GO_ON, said, _REMAP)
    for name in sorted(before.names - now.names - renamed.keys()):
        said = f"Table {table} has lost its column {name}."
        yield SchemaChange("dropped", Act.GO_ON, said, _NOTHING)


def _altered(
    table: str, before: TableSchema, now: TableSchema
) -> Iterator[SchemaChange]:
    known = {column.name: column for column in before.columns}
    for column in now.columns:
        was = known.get(column.name)
        if was is None:
            continue
        where = f"Column {column.name} of table {table}"
        if was.type != column.type:
            kind, act = _type_change(was.type, column.type)
            remedy = _NOTHING if act is Act.GO_ON else _AGAIN
            said = f"{where} was {was.type} and is {column.type}."
            yield SchemaChange(kind, act, said, remedy)
        if was.encoding != column.encoding:
            said = f"{where} was encoded in {was.encoding}, now in {column.encoding}."
            yield SchemaChange("encoding", Act.READ_AGAIN, said, _AGAIN)
        if was.nullable != column.nullable:
            said = f"{where} may{'' if column.nullable else ' not'} be empty now."
            yield SchemaChange("nullability", Act.GO_ON, said, _NOTHING)
    if before.names == now.names and _order(before) != _order(now):
        said = f"The columns of table {table} are in another order."
        yield SchemaChange("column order", Act.GO_ON, said, _NOTHING)


def _order(shape: TableSchema) -> list[str]:
    return [one.name for one in sorted(shape.columns, key=lambda one: one.place)]


_TYPE = re.compile(r"([a-z ]+?) *(?:\((.*)\))?( unsigned| without.*| with.*)?$")
_INTEGERS = {"tinyint": 1, "smallint": 2, "mediumint": 3, "int": 4, "integer": 4}
_TEXTS = {"tinytext": 255, "text": 65_535, "mediumtext": 2**24, "longtext": 2**32}


def _type_change(was: str, now: str) -> tuple[str, Act]:
    old, new = _measure(was), _measure(now)
    if old[0] != new[0]:
        return "type", Act.READ_AGAIN
    if old[0] == "enum":
        added_only = set(old[1]) <= set(new[1])
        return "enum value", Act.GO_ON if added_only else Act.READ_AGAIN
    # Values that no longer fit were changed with the column, and no log says so.
    wider = all(a <= b for a, b in zip(old[1], new[1], strict=True))
    return ("wider", Act.GO_ON) if wider else ("narrower", Act.READ_AGAIN)


def _measure(text: str) -> tuple[str, tuple[Any, ...]]:
    """Return the family of a type and how much it holds."""
    found = _TYPE.match(text)
    base, inner = (found[1], found[2] or "") if found else (text, "")
    if base in ("enum", "set"):
        return "enum", tuple(inner.split(","))
    if base in _INTEGERS or base == "bigint":
        return f"integer{found[3] or '' if found else ''}", (_INTEGERS.get(base, 8),)
    if base in _TEXTS:
        return "text", (_TEXTS[base],)
    if base in ("character varying", "varchar", "character", "char"):
        return "text", (int(inner) if inner.isdigit() else _TEXTS["text"],)
    if base in ("numeric", "decimal"):
        digits = [int(one) for one in inner.split(",")] if inner else [10_000, 5_000]
        scale = digits[1] if len(digits) > 1 else 0
        return "decimal", (digits[0] - scale, scale)
    return text, ()
