"""Turn the rows of a system into change events, as its mapping file says."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from connectors.contract import Payload, Row
from connectors.mapping import columns, mapping_file
from connectors.mapping.columns import Need, Unmapped
from connectors.mapping.currency_amounts import decimals_of, rounded
from connectors.mapping.errors import Unreadable
from connectors.mapping.expressions import CannotMap, Expression
from connectors.mapping.mapping_file import FOUND_OUT, MODEL_OF, Layout, Target
from connectors.mapping.plain_values import is_true, key_text
from connectors.mapping.raw_rows import secrets_in, storable_numbers, without_secrets
from connectors.mapping.told_once import ToldOnce
from schemas.change_event import (
    CHANGE_OF,
    ChangeEvent,
    Op,
    RecordKind,
    RecordPart,
    Source,
)
from schemas.facts import Order
from schemas.source_key import SourceKey


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that gives no change event of one kind, and why; set aside, not lost."""

    reason: str
    system: str
    row: Row


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which rows of one system become which canonical records."""

    system: str
    connector: str
    tables: dict[str, tuple[Target, ...]]
    unmapped: Unmapped
    layout: Layout = FOUND_OUT
    told: ToldOnce = field(default_factory=ToldOnce)

    @classmethod
    def load(cls, path: Path, *, system: str, connector: str) -> Mapping:
        """Return the mapping a file holds; raise MappingError if it holds none."""
        read, layout = mapping_file.read(path, system=system)
        tables = {
            table: tuple(replace(o, wanted=o.wanted | _used([o])) for o in targets)
            for table, targets in read.items()
        }
        by_table = {table: _used(targets) for table, targets in tables.items()}
        return cls(system, connector, tables, Unmapped(by_table), layout)

    @property
    def kinds(self) -> frozenset[RecordKind]:
        """What kinds of records its tables feed."""
        return frozenset(t.kind for found in self.tables.values() for t in found)

    @property
    def needs(self) -> dict[str, tuple[Need, ...]]:
        """What columns of each table the mapping cannot do without."""
        return {
            table: columns.needs_of(part for one in targets for part in one.expressions)
            for table, targets in self.tables.items()
        }

    @property
    def ids(self) -> dict[str, tuple[Need, ...]]:
        """From what columns of each table the ids of its records are made."""
        return {
            table: columns.needs_of(e for one in targets for e in (one.id, one.part_id))
            for table, targets in self.tables.items()
        }

    def events(self, row: Row) -> Iterator[ChangeEvent | Reject]:
        """Yield what a row says, one event for each kind its table feeds."""
        if row.problem is not None:
            kept = replace(row, payload=self._raw_of_unreadable(row))
            yield Reject(f"row: {row.problem}", self.system, kept)
            return
        if row.table in self.tables and row.op is not Op.DELETE:
            self.unmapped.note(row.table, row.payload)
        for target in self.tables.get(row.table, ()):
            seen = _without(row, target.drop)
            try:
                yield from self._left_behind(row, target)
                event = self._event(seen, target)
            except CannotMap as problem:
                yield self._reject(f"{problem}", seen, target)
            except ValidationError as error:
                yield self._reject(_first(error), seen, target)
            else:
                if event is not None:
                    yield event

    def _reject(self, reason: str, row: Row, target: Target) -> Reject:
        kept = replace(row, payload=self._raw(row, target))
        return Reject(f"{target.kind}.{reason}", self.system, kept)

    def _raw_of_unreadable(self, row: Row) -> Payload:
        targets = self.tables.get(row.table, ())
        wanted = frozenset[str]().union(*(one.wanted for one in targets))
        dropped = frozenset.intersection(*(t.drop for t in targets)) if targets else ()
        kept = {k: v for k, v in row.payload.items() if k not in dropped}
        return without_secrets(kept, but=wanted)

    def _left_behind(self, row: Row, target: Target) -> Iterator[ChangeEvent]:
        """Yield the deletion of the record whose id the row had before, if another."""
        if row.before is None:
            return
        try:
            old = self._name(row.before, target)
        except CannotMap:
            return  # it gave no record then
        if old is not None and old != self._name(row.payload, target):
            yield self._said(row, target, Op.DELETE, old)

    def _event(self, row: Row, target: Target) -> ChangeEvent | None:
        op, name = row.op, self._name(row.payload, target)
        if name is None:
            return None  # of nobody: no part of any record
        if op is not Op.DELETE:
            if _says(target.deleted, "deleted", row):
                op = Op.DELETE
            elif target.when is not None and not _says(target.when, "when", row):
                if op is not Op.UPDATE:
                    return None
                op = Op.DELETE  # it no longer says what it said
        return self._said(row, target, op, name)

    def _name(self, payload: Payload, target: Target) -> _Name | None:
        """Return of what record a row speaks, and as which part of it.

        None of a part that belongs to no record, such as an address without a user.
        """
        if target.part_id is None:
            return _Name(self.key(payload, target), None)
        if target.id.value(payload) is None:
            return None
        row = _id_text(target.part_id, payload)
        return _Name(self.key(payload, target), row)

    def _said(self, row: Row, target: Target, op: Op, name: _Name) -> ChangeEvent:
        record = None
        if op is not Op.DELETE:
            values = target.record.value(row.payload) or {}
            record = MODEL_OF[target.kind].model_validate(values)
            if isinstance(record, Order):
                record = self._rounded(record, row.table)
        part = {} if name.row is None else {"part": _part(row.table, name.row)}
        return CHANGE_OF[target.kind].model_validate(
            {
                **part,
                "op": op,
                "key": name.key,
                "position": _position(row, target),
                "after": record,
                "raw": None
                if op is Op.DELETE
                else storable_numbers(self._raw(row, target)),
                "source": Source(
                    connector=self.connector,
                    table=row.table,
                    ts_ms=row.ts_ms,
                    snapshot=row.snapshot,
                ),
                "ts_ms": time.time_ns() // 1_000_000,
            }
        )

    def _raw(self, row: Row, target: Target) -> Payload:
        """Return the row without what looks like a password and no field reads."""
        secrets = secrets_in(row.payload, but=target.wanted)
        for name in secrets:
            self.told.say(
                f"table {row.table}: {name} looks like a secret and stays out of "
                f"the raw row; `keep: [{name.split('.')[-1]}]` lets it in",
                on=(row.table, name),
            )
        if not secrets:
            return row.payload
        return without_secrets(row.payload, but=target.wanted)

    def _rounded(self, order: Order, table: str) -> Order:
        found = rounded(order)
        if found is not order:
            self.told.say(
                f"table {table}: amounts have more decimals than {order.currency}, "
                f"which has {decimals_of(order.currency)}; they are rounded half even",
                on=(table, order.currency),
            )
        return found

    def key(self, payload: Payload, target: Target) -> SourceKey:
        """Return the key of a row's record; raise CannotMap if it has none."""
        try:
            return SourceKey(self.system, _id_text(target.id, payload))
        except ValueError:
            raise CannotMap("id", "is unfit as the id of a source key") from None


class _Name(NamedTuple):
    """The record that a row speaks of; of a part, also the row's own id."""

    key: SourceKey
    row: str | None


def _part(table: str, row: str) -> RecordPart:
    try:
        return RecordPart(table=table, row=row)
    except ValidationError:
        raise CannotMap("id", "is unfit as the id of a row") from None


def _id_text(expression: Expression, payload: Payload) -> str:
    try:
        text = key_text(expression.value(payload))
    except Unreadable as error:
        raise CannotMap("id", str(error)) from None
    if text is None:
        raise CannotMap("id", "is missing: the row has no identity")
    return text


def _used(targets: Iterable[Target]) -> frozenset[str]:
    """Return the columns that some field, condition or position is read from."""
    found: set[str] = set()
    for one in targets:
        found = found.union(one.drop, *columns.needs_of(one.expressions))
    return frozenset(found)


def _says(flag: Expression | None, field: str, row: Row) -> bool:
    """Return whether a flag of the row says yes; without a flag, no."""
    if flag is None:
        return False
    try:
        return is_true(flag.value(row.payload))
    except Unreadable as error:
        raise CannotMap(field, str(error)) from None


def _without(row: Row, columns: frozenset[str]) -> Row:
    if not columns & row.payload.keys():
        return row
    kept = {k: value for k, value in row.payload.items() if k not in columns}
    return replace(row, payload=kept)


def _position(row: Row, target: Target) -> tuple[int, ...]:
    if not target.position:
        if row.position is None:
            raise CannotMap("position", "neither the mapping nor the source gives one")
        return row.position
    if row.op is Op.DELETE and row.position is not None:
        # an old row tells the position of before, which would change nothing
        raise CannotMap("position", "is none of a deletion: leave it to the log")
    parts = []
    for expression in target.position:
        value: Any = expression.value(row.payload)
        if isinstance(value, bool) or not isinstance(value, int):
            raise CannotMap("position", "is missing or no whole number")
        parts.append(value)
    return tuple(parts)


def _first(error: ValidationError) -> str:
    problem = error.errors(
        include_url=False, include_context=False, include_input=False
    )[0]
    where = ".".join(str(part) for part in problem["loc"]) or "the record"
    return f"{where}: {problem['msg']}"[:300]
