"""One field of a mapping: where its value comes from and how it is transformed."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions, signature
from jmespath.parser import ParsedResult

from connectors.mapping.errors import Unreadable
from connectors.mapping.plain_values import amount, identifier
from connectors.mapping.transforms import Transform

_PLAIN = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


_UNREADABLE = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError)
"""What a transform raises at a value it was not made for; Unreadable is one."""


class _NoJson(JMESPathError):
    """A text that `json(…)` cannot read."""


class _Functions(Functions):
    @signature({"types": ["string", "object", "array", "null", "number", "boolean"]})
    def _func_json(self, value: Any) -> Any:
        """Read the JSON that a column holds as text; leave what is read already."""
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value.strip() else None
        except (ValueError, RecursionError):
            raise _NoJson from None


_OPTIONS = jmespath.Options(custom_functions=_Functions())


class CannotMap(Exception):
    """A row that gives no canonical record; names fields, never their values."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class Expression(Protocol):
    """Something that yields a value from a row, None if the row has none."""

    def value(self, row: Any) -> Any:
        """Return the value; raise CannotMap if what the row holds is unfit."""


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value for every row."""

    constant: Any

    def value(self, row: Any) -> Any:
        """Return the constant."""
        return self.constant


@dataclass(frozen=True, slots=True)
class From:
    """A JMESPath expression, transforms, and a default for what is missing."""

    field: str
    path: ParsedResult | str
    transforms: Sequence[Transform] = ()
    default: Any = None
    ignore_invalid: bool = False

    def value(self, row: Any) -> Any:
        """Return the transformed value, or the default."""
        found = self._found(row)
        for transform in self.transforms:
            if _is_missing(found):
                break
            try:
                found = transform(found)
            except _UNREADABLE as error:
                if self.ignore_invalid:
                    return self.default
                known = isinstance(error, Unreadable)
                problem = str(error) if known else "cannot be read by its transform"
                raise CannotMap(self.field, problem) from None
        return self.default if _is_missing(found) else found

    def _found(self, row: Any) -> Any:
        if isinstance(self.path, str):
            return row.get(self.path) if isinstance(row, dict) else None
        try:
            return self.path.search(row, _OPTIONS)
        except JMESPathError as error:
            if self.ignore_invalid:
                return None
            problem = f"the expression failed ({type(error).__name__})"
            if isinstance(error, _NoJson):
                problem = "is no JSON"
            raise CannotMap(self.field, problem) from None


@dataclass(frozen=True, slots=True)
class Items:
    """A list of values, without those that are missing; lists are joined."""

    items: Sequence[Expression]

    def value(self, row: Any) -> list[Any] | None:
        """Return the list, None if nothing is in it."""
        values: list[Any] = []
        for item in self.items:
            found = item.value(row)
            values.extend(found if isinstance(found, list) else [found])
        return [value for value in values if not _is_missing(value)] or None


@dataclass(frozen=True, slots=True)
class Fields:
    """An object built field by field; `each` makes one of every item of a list."""

    fields: dict[str, Expression]
    each: Expression | None = None

    def value(self, row: Any) -> Any:
        """Return the object or the list of objects, None if all is missing."""
        if self.each is None:
            return self._one(row)
        found = self.each.value(row)
        if found is None:
            return None
        items = found if isinstance(found, list) else [found]
        return [one for item in items if (one := self._one(item))] or None

    def _one(self, row: Any) -> dict[str, Any] | None:
        values = {name: field.value(row) for name, field in self.fields.items()}
        # A constant alone (a country, say) makes no address.
        if not any(
            values[name] is not None
            for name, field in self.fields.items()
            if not isinstance(field, Constant)
        ):
            return None
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Text:
    expression: Expression

    def value(self, row: Any) -> Any:
        return as_text(self.expression.value(row))


@dataclass(frozen=True, slots=True)
class Identifier:
    expression: Expression

    def value(self, row: Any) -> Any:
        return identifier(self.expression.value(row))


@dataclass(frozen=True, slots=True)
class Number:
    """An amount; where the record can do without it, an odd one is none at all."""

    field: str
    expression: Expression
    optional: bool

    def value(self, row: Any) -> Any:
        """Return the amount, None if there is none."""
        try:
            found = self.expression.value(row)
            return None if found is None else amount(found, comma=False)
        except (CannotMap, Unreadable) as error:
            if self.optional:
                return None
            if isinstance(error, CannotMap):
                raise
            raise CannotMap(self.field, str(error)) from None


def compiled(expression: str) -> ParsedResult | str:
    """Return the expression ready to search; raise JMESPathError for a bad one."""
    if _PLAIN.match(expression):
        return expression  # a dictionary look-up is thirty times cheaper
    return jmespath.compile(expression)


def as_text(value: Any) -> Any:
    """Return numbers and truths as the text they are written as; leave all else."""
    if isinstance(value, list):
        found = [as_text(item) for item in value]
        return [item for item in found if item is not None]
    if isinstance(value, dict):
        return {
            name: as_text(inner) for name, inner in value.items() if inner is not None
        }
    if isinstance(value, float):
        if not math.isfinite(value):
            return None  # a gap in a data frame
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
