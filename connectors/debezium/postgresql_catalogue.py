"""The shapes of tables, from the catalogue of PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from connectors.debezium.table_schema import Column, TableSchema

_QUERY = """
SELECT c.oid::text,
  coalesce((SELECT array_agg(k.attname::text ORDER BY array_position(
      i.indkey::int[], k.attnum::int)) FROM pg_index i JOIN pg_attribute k
    ON k.attrelid = c.oid AND k.attnum = ANY (i.indkey)
    WHERE i.indrelid = c.oid AND i.indisprimary), '{}'),
  a.attname::text,
  coalesce((SELECT 'enum(' || string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder)
      || ')' FROM pg_enum e WHERE e.enumtypid = a.atttypid),
    format_type(a.atttypid, a.atttypmod)),
  NOT a.attnotnull, a.attnum, pg_encoding_to_char(d.encoding)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
  AND NOT a.attisdropped
  JOIN pg_database d ON d.datname = current_database()
WHERE c.oid = to_regclass(%s) ORDER BY a.attnum
"""


def shapes(
    connection: psycopg.Connection[Any], tables: Sequence[str]
) -> dict[str, TableSchema]:
    """Return the shapes of those tables that exist."""
    found: dict[str, TableSchema] = {}
    for table in tables:
        schema, _, name = table.rpartition(".")
        place = f'"{schema or "public"}"."{name}"'
        rows = connection.execute(_QUERY, [place]).fetchall()
        if rows:
            columns = tuple(Column(*row[2:]) for row in rows)
            found[table] = TableSchema(rows[0][0], tuple(rows[0][1]), columns)
    return found
