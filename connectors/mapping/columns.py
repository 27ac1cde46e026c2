"""Which columns of a row a mapping needs and uses, and which nobody asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.mapping.expressions import (
    Expression,
    Fields,
    From,
    Identifier,
    Items,
    Number,
    Text,
)

Need = frozenset[str]
"""Columns of which at least one must be there: `mail || email` is one need."""

_RELATIVE = (
    "subexpression",
    "index_expression",
    "projection",
    "value_projection",
    "filter_projection",
    "flatten",
    "slice",
    "pipe",
)
"""Only their first part looks at the row; the rest looks at what that part found."""


def needs_of(expressions: Iterable[Expression | None]) -> tuple[Need, ...]:
    """Return the needs of expressions that are read from one row."""
    found = {need for one in expressions if one is not None for need in _needs_of(one)}
    return tuple(sorted(found, key=sorted))


def _needs_of(expression: Expression) -> Iterator[Need]:
    if isinstance(expression, From):
        if isinstance(expression.path, str):
            yield frozenset([expression.path])
        else:
            yield from _parsed(expression.path.parsed)
    elif isinstance(expression, (Text, Identifier, Number)):
        yield from _needs_of(expression.expression)
    elif isinstance(expression, Items):
        for item in expression.items:
            yield from _needs_of(item)
    elif isinstance(expression, Fields):
        inner = [expression.each] if expression.each else expression.fields.values()
        for one in inner:
            yield from _needs_of(one)


def _parsed(node: Any) -> Iterator[Need]:
    kind, children = node["type"], _children(node)
    if kind == "field":
        yield frozenset([node["value"]])
    elif kind == "or_expression":
        # One of its sides is enough.
        either = [
            name for child in children for need in _parsed(child) for name in need
        ]
        if either:
            yield frozenset(either)
    else:
        for child in children[:1] if kind in _RELATIVE else children:
            yield from _parsed(child)


def _children(node: Any) -> Sequence[Any]:
    return [child for child in node.get("children", ()) if isinstance(child, dict)]


_MOST_SHAPES = 1_000


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
