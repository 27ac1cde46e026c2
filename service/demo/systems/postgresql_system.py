"""A retailer's system that is a PostgreSQL database: its tables, its clerks' writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from service.demo.retailer.writes import Row, SourceWrite

_SCHEMAS = Path(__file__).parent.parent / "schema"


class SqlSystem:
    """One database, written row by row as its own programs would."""

    def __init__(self, database_url: str, *, schema: str) -> None:
        self._connection = psycopg.connect(database_url, autocommit=True)
        self._connection.execute((_SCHEMAS / schema).read_bytes())

    def close(self) -> None:
        """Leave the database."""
        self._connection.close()

    def apply(self, acts: Sequence[SourceWrite]) -> None:
        """Write these acts in one transaction."""
        with self._connection.transaction():
            for act in acts:
                self._connection.execute(*_statement(act))

    def rows(self, table: str) -> Iterator[Row]:
        """Yield every row that stands in a table now."""
        query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))
        yield from self._connection.cursor(row_factory=dict_row).execute(query)


def _statement(act: SourceWrite) -> tuple[sql.Composed, dict[str, Any]]:
    table = sql.Identifier(act.table)
    if act.op == "delete":
        query = sql.SQL("DELETE FROM {} WHERE id = %(id)s").format(table)
        return query, {"id": act.id}
    row = {**act.row, "id": act.id}
    values = {
        name: Jsonb(value) if isinstance(value, list) else value
        for name, value in row.items()
    }
    columns = sql.SQL(", ").join(map(sql.Identifier, row))
    holders = sql.SQL(", ").join(map(sql.Placeholder, row))
    changes = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in row
    )
    query = sql.SQL(
        "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT (id) DO UPDATE SET {}"
    ).format(table, columns, holders, changes)
    return query, values
