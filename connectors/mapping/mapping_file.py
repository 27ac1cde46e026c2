"""Read a mapping file, or refuse it naming file and line."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, get_args

from jmespath.exceptions import JMESPathError
from pydantic import BaseModel

from connectors.mapping.errors import BadTransform
from connectors.mapping.expressions import (
    Constant,
    Expression,
    Fields,
    From,
    Identifier,
    Items,
    Number,
    Text,
    compiled,
)
from connectors.mapping.marked_yaml import Marked, load
from connectors.mapping.transforms import Transform, make
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
IDENTIFIERS = ("cards", "phones", "postal_code", "national_id", "street_number")
"""Fields of text that look like numbers, and that spreadsheets ruin as such."""
_TARGET = ("kind", "id", "fields", "deleted", "when", "position", "drop", "keep")
_FROM = ("from", "transform", "default", "invalid")


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of canonical record that one table feeds."""

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

    @property
    def expressions(self) -> tuple[Expression | None, ...]:
        """All that is read from a row."""
        return (self.id, self.record, self.deleted, self.when, *self.position)


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
    return {
        name: tuple(_target(one, system) for one in _targets(tables, name))
        for name in tables
    }


def _targets(tables: Marked, name: str) -> list[Marked]:
    value = tables[name]
    targets = value if isinstance(value, list) else [value]
    if not targets or not all(isinstance(one, Marked) for one in targets):
        raise tables.error(f"table {name!r} needs kind, id and fields", key=name)
    return targets


def _target(node: Marked, system: str) -> Target:
    node.only(*_TARGET, what="table setting")
    for needed in ("kind", "id", "fields"):
        if needed not in node:
            raise node.error(f"`{needed}` is missing")
    try:
        kind = RecordKind(str(node["kind"]))
    except ValueError:
        kinds = ", ".join(RecordKind)
        raise node.error(
            f"unknown kind {node['kind']!r}; known: {kinds}", key="kind"
        ) from None
    reader = _Reader(system)
    positions = node.get("position", [])
    if not isinstance(positions, list):
        positions = [positions]
    return Target(
        kind=kind,
        id=reader.field(node, "id", node["id"]),
        record=reader.record(node, MODEL_OF[kind]),
        deleted=reader.optional(node, "deleted"),
        when=reader.optional(node, "when"),
        position=[reader.field(node, "position", one) for one in positions],
        drop=_names(node, "drop"),
        wanted=_names(node, "keep"),
    )


def _names(node: Marked, key: str) -> frozenset[str]:
    names = node.get(key, [])
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise node.error(f"`{key}` is a list of column names", key=key)
    return frozenset(names)


@dataclass(frozen=True, slots=True)
class _Reader:
    system: str

    def record(self, node: Marked, model: type[BaseModel]) -> Fields:
        """Return the fields of a model, all known and none missing."""
        fields = node["fields"]
        if not isinstance(fields, Marked) or not fields:
            raise node.error("`fields` needs field: expression", key="fields")
        fields.only(*model.model_fields, what=f"field of {model.__name__}")
        for name, field in model.model_fields.items():
            if field.is_required() and name not in fields:
                raise fields.error(f"{model.__name__} needs the field `{name}`")
        return Fields(
            {
                name: self._typed(
                    fields,
                    name,
                    model.model_fields[name].rebuild_annotation(),
                    optional=not model.model_fields[name].is_required(),
                )
                for name in fields
            }
        )

    def optional(self, node: Marked, key: str) -> Expression | None:
        """Return the expression under a key, None without the key."""
        return self.field(node, key, node[key]) if key in node else None

    def field(self, node: Marked, key: str, value: Any) -> Expression:
        """Return the expression that one value of the file stands for."""
        if isinstance(value, str):
            return self._from(node, key, Marked(node.path, node.line), value)
        if isinstance(value, list) and value:
            return Items([self.field(node, key, item) for item in value])
        if not isinstance(value, Marked):
            # YAML reads the words no, yes, on and off as a truth
            quotes = "; a column so named is written in quotes"
            more = quotes if isinstance(value, bool) else ""
            raise node.error(f"{key!r} needs an expression{more}", key=key)
        if "constant" in value:
            value.only("constant", what="setting")
            return Constant(value["constant"])
        value.only(*_FROM, what="setting")
        if not isinstance(value.get("from"), str):
            raise value.error(f"{key!r} needs `from` (or `constant`)")
        return self._from(node, key, value, value["from"])

    def _typed(
        self, node: Marked, key: str, annotation: Any, *, optional: bool
    ) -> Expression:
        value, model = node[key], _model_in(annotation)
        if not isinstance(value, Marked) or "fields" not in value:
            expression = self.field(node, key, value)
            if _holds(annotation, Decimal):
                return Number(key, expression, optional)
            if not _holds(annotation, str):
                return expression
            return _as_text(expression, identifier=key in IDENTIFIERS)
        value.only("fields", "each", what="setting")
        if model is None:
            if "dict" not in str(annotation):
                raise value.error(f"{key!r} is no object: it needs an expression")
            return self._free(value)
        inner = self.record(value, model)
        each = self.optional(value, "each")
        if each is None and "list" in str(annotation):
            return Items([inner])
        return Fields(inner.fields, each=each)

    def _free(self, value: Marked) -> Fields:
        names = value["fields"]
        if not isinstance(names, Marked):
            raise value.error("`fields` needs name: expression", key="fields")
        return Fields(
            {name: _as_text(self.field(names, name, names[name])) for name in names}
        )

    def _from(self, node: Marked, key: str, options: Marked, path: str) -> Expression:
        if options.get("invalid", "reject") not in ("reject", "ignore"):
            raise options.error("`invalid` is reject or ignore", key="invalid")
        try:
            found = compiled(path)
        except JMESPathError:
            raise (options if options else node).error(
                f"{path!r} is no JMESPath expression", key="from" if options else key
            ) from None
        return From(
            field=key,
            path=found,
            transforms=self._transforms(options, key),
            default=options.get("default"),
            ignore_invalid=options.get("invalid") == "ignore",
        )

    def _transforms(self, options: Marked, field: str) -> list[Transform]:
        wanted = options.get("transform", [])
        made = []
        for one in wanted if isinstance(wanted, list) else [wanted]:
            where = one if isinstance(one, Marked) else options
            steps = one if isinstance(one, Marked) else {one: None}
            for name, argument in steps.items():
                try:
                    made.append(
                        make(str(name), argument, system=self.system, field=field)
                    )
                except BadTransform as error:
                    key = str(name) if where is one else "transform"
                    raise where.error(str(error), key=key) from None
        return made


def _as_text(expression: Expression, *, identifier: bool = False) -> Expression:
    if isinstance(expression, Constant):
        return expression
    return Identifier(expression) if identifier else Text(expression)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        if (found := _model_in(part)) is not None:
            return found
    return None


def _holds(annotation: Any, kind: type) -> bool:
    parts = get_args(annotation)
    return annotation is kind or any(_holds(part, kind) for part in parts)
