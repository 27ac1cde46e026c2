"""Whether two tables may give records of the same id."""

from __future__ import annotations

from connectors.mapping.columns import needs_of
from connectors.mapping.errors import Unreadable
from connectors.mapping.expressions import CannotMap, Expression
from connectors.mapping.plain_values import key_text


def may_share_ids(one: Expression, other: Expression) -> bool:
    """Return whether equal columns give equal ids, as two bare columns do.

    Ids with another word, or another number of columns, differ.
    """
    return (found := _sample(one)) is not None and found == _sample(other)


def _sample(expression: Expression) -> str | None:
    row = {name: 1 for need in needs_of([expression]) for name in need}
    try:
        return key_text(expression.value(row))
    except (CannotMap, Unreadable):
        return None  # an id of text that is read in parts, say: nobody knows
