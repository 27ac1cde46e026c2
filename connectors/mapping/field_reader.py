"""The expressions of a mapping file: from what each field is read, and how."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, get_args

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
from connectors.mapping.marked_yaml import Marked
from connectors.mapping.transforms import Transform, make

IDENTIFIERS = ("cards", "phones", "postal_code", "national_id", "street_number")
"""Fields of text that look like numbers, and that spreadsheets ruin as such."""
_FROM = ("from", "transform", "default", "invalid")


@dataclass(frozen=True, slots=True)
class FieldReader:
    """Reads the expressions of one system's mapping file."""

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
