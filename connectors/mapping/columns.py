"""Which columns of a table a mapping cannot do without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from connectors.mapping.expressions import Expression, Fields, From, Items, Text

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


def of(expressions: Iterable[Expression | None]) -> tuple[Need, ...]:
    """Return the needs of expressions that are read from one row."""
    found = {need for one in expressions if one is not None for need in _of(one)}
    return tuple(sorted(found, key=sorted))


def _of(expression: Expression) -> Iterator[Need]:
    if isinstance(expression, From):
        if isinstance(expression.path, str):
            yield frozenset([expression.path])
        else:
            yield from _parsed(expression.path.parsed)
    elif isinstance(expression, Text):
        yield from _of(expression.expression)
    elif isinstance(expression, Items):
        for item in expression.items:
            yield from _of(item)
    elif isinstance(expression, Fields):
        inner = [expression.each] if expression.each else expression.fields.values()
        for one in inner:
            yield from _of(one)


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
