"""Python lists as PostgreSQL array literals: much cheaper than adapting each item."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID


def bigints(values: Iterable[int | None]) -> str:
    """Return a literal to be cast with `::bigint[]`."""
    return _literal("NULL" if value is None else str(value) for value in values)


def uuids(values: Iterable[UUID | None]) -> str:
    """Return a literal to be cast with `::uuid[]`."""
    return _literal("NULL" if value is None else str(value) for value in values)


def _literal(items: Iterable[str]) -> str:
    return "{" + ",".join(items) + "}"
