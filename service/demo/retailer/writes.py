"""One write that somebody at the retailer makes in one of its systems."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Row = dict[str, Any]
"""Columns of one row in the source's own schema.

Tills and loyalty (PostgreSQL) get Python's date, datetime, Decimal and lists; the
shop and the desk (HTTP) get what JSON can say."""

POS = "pos"
LOYALTY = "loyalty"
ECOMMERCE = "ecommerce"
CALL_CENTRE = "call_centre"
SYSTEMS = (POS, LOYALTY, ECOMMERCE, CALL_CENTRE)


@dataclass(frozen=True, slots=True)
class SourceWrite:
    """One insert, update or delete of one row, with its truth kept apart from it.

    `row` is always the whole row as it stands afterwards; it is empty after the
    delete of a till's or loyalty row, and holds `deleted: true` after the shop's.
    """

    system: str
    table: str
    op: Literal["insert", "update", "delete"]
    id: str | int
    row: Row = field(repr=False)
    story: str
    at: datetime
    person_id: int | None = None
