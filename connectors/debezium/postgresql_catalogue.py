"""The shapes of tables, and what the log tells of old rows: PostgreSQL's catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from connectors.debezium.postgresql_server import qualified, quoted
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
        rows = connection.execute(_QUERY, [quoted(qualified(table))]).fetchall()
        if rows:
            columns = tuple(Column(*row[2:]) for row in rows)
            found[table] = TableSchema(rows[0][0], tuple(rows[0][1]), columns)
    return found


_OLD_COLUMNS = """
SELECT coalesce((SELECT array_agg(a.attname::text) FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND (c.relreplident = 'f' OR EXISTS (SELECT FROM pg_index i
        WHERE i.indrelid = c.oid AND a.attnum = ANY (i.indkey)
        AND CASE c.relreplident WHEN 'd' THEN i.indisprimary
            WHEN 'i' THEN i.indisreplident ELSE false END))), '{}')
FROM pg_class c WHERE relkind <> 'p' AND (oid = to_regclass(%(table)s)
    OR oid IN (SELECT relid FROM pg_partition_tree(to_regclass(%(table)s))))
"""
"""One row for the table, or for each of its partitions, which have their own."""


def old_columns(
    connection: psycopg.Connection[Any], tables: Sequence[str]
) -> dict[str, frozenset[str]]:
    """Return by table what the log tells of a deleted or changed row: the columns of
    its replica identity."""
    found: dict[str, frozenset[str]] = {}
    for table in tables:
        values = {"table": quoted(qualified(table))}
        rows = connection.execute(_OLD_COLUMNS, values).fetchall()
        told = [frozenset(row[0]) for row in rows]
        found[table] = frozenset.intersection(*told) if told else frozenset()
    return found
