"""Compare every row of the sources with the service's tables: what is lost?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import sql

from service.database.connection.session import Connection
from service.demo.retailer.writes import Row
from service.demo.systems.systems import TABLES, Systems


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One row of a source that the service does not hold as the source does."""

    system: str
    table: str
    id: str
    what: str


def differences(connection: Connection, systems: Systems) -> list[Difference]:
    """Return every difference that no dead letter explains."""
    excused = _dead_lettered(connection)
    return sorted(
        difference
        for system, table in TABLES
        for difference in _compare(connection, systems, system, table)
        if f"{difference.system}:{difference.id}" not in excused
    )


def _compare(
    connection: Connection, systems: Systems, system: str, table: str
) -> Iterator[Difference]:
    # The sources first: what they gain meanwhile is not missing in the service.
    rows = {str(row["id"]): row for row in systems.rows(system, table)}
    held = _held(connection, system, TABLES[system, table])
    for row_id, row in rows.items():
        what = _verdict(row, held.get(row_id))
        if what:
            yield Difference(system, table, row_id, what)
    for row_id in held.keys() - rows.keys():
        if held[row_id] is not None:
            yield Difference(system, table, row_id, "a delete is missing")


def _verdict(row: Row, raw: Mapping[str, Any] | None) -> str | None:
    if row.get("deleted"):
        return None if raw is None else "a delete is missing"
    if raw is None:
        return "the row is missing"
    wrong = sorted(name for name, value in row.items() if differs(value, raw.get(name)))
    return f"an older state: {', '.join(wrong)}" if wrong else None


def differs(value: Any, raw: Any) -> bool:
    """Return whether a source's value and the stored raw one surely differ.

    Types that a capture writes in its own way (dates, decimals, JSON) are told by the
    columns beside them: every write changes a text, a number or a time.
    """
    if isinstance(value, datetime) and isinstance(raw, str):
        return datetime.fromisoformat(raw) != value
    if type(value) is type(raw):
        return bool(value != raw)
    return value is None or (raw is None and isinstance(value, str | int | bool))


def _held(
    connection: Connection, system: str, table: str
) -> dict[str, Mapping[str, Any] | None]:
    """Return what the service holds: the raw row by id, None for what is deleted."""
    # A ledger only grows: it has no tombstones.
    gone = sql.SQL("false" if table == "loyalty_movement" else "deleted")
    query = sql.SQL(
        "SELECT id, CASE WHEN NOT {} THEN coalesce(raw, '{{}}'::jsonb) END FROM {}"
        " WHERE system = %s AND position IS NOT NULL"
    ).format(gone, sql.Identifier(table))
    return dict(connection.execute(query, [system]).fetchall())


def _dead_lettered(connection: Connection) -> set[str]:
    rows = connection.execute(
        "SELECT convert_from(message_key, 'UTF8') FROM dead_letter"
        " WHERE message_key IS NOT NULL"
    )
    return {key.rpartition("/")[2] for (key,) in rows}
