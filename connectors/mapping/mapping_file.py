"""Read a mapping file, or refuse it naming file and line."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

from connectors.mapping.expressions import Constant, Expression, Fields
from connectors.mapping.field_reader import FieldReader
from connectors.mapping.marked_yaml import Marked, load
from connectors.mapping.shared_ids import may_share_ids
from schemas.change_event import RecordKind
from schemas.facts import Consent, Interaction, LoyaltyMovement, Order
from schemas.source_record import CustomerRecord

MODEL_OF: dict[RecordKind, type[BaseModel]] = {
    RecordKind.CUSTOMER: CustomerRecord,
    RecordKind.ORDER: Order,
    RecordKind.MOVEMENT: LoyaltyMovement,
    RecordKind.INTERACTION: Interaction,
    RecordKind.CONSENT: Consent,
}
_ROWS = ("id", "fields", "deleted", "when", "position", "drop", "keep")
_TARGET = ("kind", *_ROWS, "parts", "distinct_ids", "contact_identifies")
_PART = ("customer", *_ROWS)


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of canonical record that one table feeds, whole or in part."""

    kind: RecordKind
    id: Expression
    record: Fields
    deleted: Expression | None
    when: Expression | None
    position: Sequence[Expression]
    drop: frozenset[str] = frozenset()
    """Columns that are as if they were not there."""
    wanted: frozenset[str] = frozenset()
    """Columns that travel raw though they look secret."""
    part_id: Expression | None = None
    """The row's own id, where it gives a part of the record that `id` names."""
    distinct_ids: bool = False
    """Whether its ids are known to meet those of no other table."""

    @property
    def expressions(self) -> tuple[Expression | None, ...]:
        """All that is read from a row."""
        ids = (self.id, self.part_id)
        return (*ids, self.record, self.deleted, self.when, *self.position)


class Layout(NamedTuple):
    """How a CSV file is written; what is None is found out from the file."""

    encoding: str | None = None
    delimiter: str | None = None


FOUND_OUT = Layout()
"""The layout that says nothing."""


class MappingFile(NamedTuple):
    """The targets of each table, and how files of the system are written."""

    tables: dict[str, tuple[Target, ...]]
    layout: Layout


def read(path: Path, *, system: str) -> MappingFile:
    """Return what a mapping file says; raise MappingError for the first mistake."""
    top = load(path)
    top.only("tables", "encoding", "delimiter", what="setting")
    return MappingFile(_tables(top, system), _layout(top))


def _layout(top: Marked) -> Layout:
    encoding, delimiter = top.get("encoding"), top.get("delimiter")
    try:
        if encoding is not None:
            codecs.lookup(str(encoding))
    except LookupError:
        raise top.error(f"unknown encoding {encoding!r}", key="encoding") from None
    one_character = isinstance(delimiter, str) and len(delimiter) == 1
    if delimiter is not None and not one_character:
        raise top.error("`delimiter` is one character, in quotes", key="delimiter")
    return Layout(encoding and str(encoding), delimiter)


def _tables(top: Marked, system: str) -> dict[str, tuple[Target, ...]]:
    tables = top.get("tables")
    if not isinstance(tables, Marked) or not tables:
        raise top.error("`tables` is missing: which table becomes what", key="tables")
    found: dict[str, list[Target]] = {}
    for name in tables:
        for node in _targets(tables, name):
            found.setdefault(name, []).append(_target(node, system))
            for table, part in _parts(node, system):
                found.setdefault(table, []).append(part)
    _refuse_shared_ids(tables, found)
    return {name: tuple(targets) for name, targets in found.items()}


def _targets(tables: Marked, name: str) -> list[Marked]:
    value = tables[name]
    targets = value if isinstance(value, list) else [value]
    if not targets or not all(isinstance(one, Marked) for one in targets):
        raise tables.error(f"table {name!r} needs kind, id and fields", key=name)
    return targets


def _target(node: Marked, system: str) -> Target:
    node.only(*_TARGET, what="table setting")
    _require(node, "kind", "id", "fields")
    try:
        kind = RecordKind(str(node["kind"]))
    except ValueError:
        kinds = ", ".join(RecordKind)
        raise node.error(
            f"unknown kind {node['kind']!r}; known: {kinds}", key="kind"
        ) from None
    by_contact = _flag(node, "contact_identifies")
    if by_contact and kind is not RecordKind.CUSTOMER:
        raise node.error(
            "only a customer has `contact_identifies`", key="contact_identifies"
        )
    target = _rows(node, FieldReader(system), kind, id_="id")
    if not by_contact:
        return target
    fields = {**target.record.fields, "contact_identifies": Constant(True)}
    return replace(target, record=replace(target.record, fields=fields))


def _parts(node: Marked, system: str) -> Iterator[tuple[str, Target]]:
    parts = node.get("parts")
    if parts is None:
        return
    if node["kind"] != RecordKind.CUSTOMER:
        raise node.error("only a customer has `parts`", key="parts")
    if not isinstance(parts, Marked) or not parts:
        raise node.error("`parts` needs table: what it adds", key="parts")
    for table, part in parts.items():
        if not isinstance(part, Marked):
            raise parts.error(f"part {table!r} needs customer, id, fields", key=table)
        part.only(*_PART, what="setting of a part")
        _require(part, "customer", "id", "fields")
        yield (
            table,
            _rows(part, FieldReader(system), RecordKind.CUSTOMER, id_="customer"),
        )


def _require(node: Marked, *keys: str) -> None:
    for needed in keys:
        if needed not in node:
            raise node.error(f"`{needed}` is missing")


def _rows(node: Marked, reader: FieldReader, kind: RecordKind, *, id_: str) -> Target:
    positions = node.get("position", [])
    if not isinstance(positions, list):
        positions = [positions]
    return Target(
        kind=kind,
        id=reader.field(node, id_, node[id_]),
        record=reader.record(node, MODEL_OF[kind]),
        deleted=reader.optional(node, "deleted"),
        when=reader.optional(node, "when"),
        position=[reader.field(node, "position", one) for one in positions],
        drop=_names(node, "drop"),
        wanted=_names(node, "keep"),
        part_id=None if id_ == "id" else reader.field(node, "id", node["id"]),
        distinct_ids=_flag(node, "distinct_ids"),
    )


def _refuse_shared_ids(tables: Marked, found: Mapping[str, Sequence[Target]]) -> None:
    """Two tables that give one id would overwrite one another's records."""
    whole = [
        (table, one)
        for table, targets in found.items()
        for one in targets
        if one.part_id is None and not one.distinct_ids
    ]
    for (one, first), (other, second) in combinations(whole, 2):
        if first.kind is not second.kind or not may_share_ids(first.id, second.id):
            continue
        if one == other and first.when is not None and second.when is not None:
            continue  # a row is one or the other
        raise tables.error(
            f"{one!r} and {other!r} both give a {first.kind} and may give the same id: "
            f"each would overwrite the other's. {_remedy(first.kind, other)}",
            key=other,
        )


def _remedy(kind: RecordKind, table: str) -> str:
    parts = (
        "If a row of one belongs to the customer of the other, write it under that "
        "one's `parts`; if not, "
        if kind is RecordKind.CUSTOMER
        else ""
    )
    return (
        f"{parts}tell them apart by a word before the id (\"join('-', ['{table}', "
        'to_string(id)])"); `distinct_ids: true` says that the ids never meet'
    )


def _flag(node: Marked, key: str) -> bool:
    value = node.get(key, False)
    if not isinstance(value, bool):
        raise node.error(f"`{key}` is true or false", key=key)
    return value


def _names(node: Marked, key: str) -> frozenset[str]:
    names = node.get(key, [])
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise node.error(f"`{key}` is a list of column names", key=key)
    return frozenset(names)
