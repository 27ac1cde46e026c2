"""The PostgreSQL server itself: is it fit for a capture, and what of its slot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors, sql

from connectors.contract import RetryLater, StopSource, Table

Connection = psycopg.Connection[Any]


@contextmanager
def connection(dsn: str) -> Iterator[Connection]:
    """Open the database; raise RetryLater if it is away, StopSource if it refuses."""
    try:
        opened = psycopg.connect(dsn, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        raise _cannot_connect(str(error)) from None
    except psycopg.Error as error:
        raise StopSource(
            f"`dsn` is no libpq URL ({type(error).__name__}).", remedy="Correct it."
        ) from None
    with opened:
        try:
            yield opened
        except psycopg.OperationalError as error:
            raise RetryLater(
                f"The database went away ({type(error).__name__}).",
                remedy="Start it; the capture goes on by itself.",
            ) from error


def _cannot_connect(said: str) -> RetryLater | StopSource:
    # The driver's own words name host, port and database, never the password.
    problem = said.strip().splitlines()[-1]
    if "authentication failed" in said or "does not exist" in said:
        return StopSource(f"The database refused: {problem}.", remedy="Correct `dsn`.")
    if "certificate" in said or "SSL" in said:
        return StopSource(
            f"The database's certificate or encryption was not accepted: {problem}.",
            remedy="Name its authority by sslrootcert in `dsn`, renew the certificate,"
            " or correct sslmode.",
        )
    return RetryLater(
        f"The database does not answer: {problem}.",
        remedy="Start it, or correct `dsn`.",
    )


def qualified(table: str) -> str:
    """Return the name with its schema, `public` if it has none."""
    return table if "." in table else f"public.{table}"


def check_ready(connection: Connection, tables: Sequence[str]) -> None:
    """Raise StopSource for the first thing that makes a capture impossible."""
    if one_value(connection, "SHOW wal_level") != "logical":
        raise StopSource(
            "The database does not write logical changes (wal_level).",
            remedy="ALTER SYSTEM SET wal_level = logical; then restart PostgreSQL.",
        )
    for table in tables:
        if table_oid(connection, table) is None:
            raise StopSource(
                f"There is no table {table}.",
                remedy="Correct the mapping file or `dsn`.",
            )


def check_slot(connection: Connection, slot: str) -> None:
    """Raise StopSource if the server has no room for a slot of ours."""
    free = one_value(
        connection,
        "SELECT count(*) < current_setting('max_replication_slots')::int"
        " OR count(*) FILTER (WHERE slot_name = %s) > 0 FROM pg_replication_slots",
        slot,
    )
    if not free:
        raise StopSource(
            "The database has no replication slot left (max_replication_slots).",
            remedy="Drop a slot nobody reads (pg_replication_slots), or raise it.",
        )


def check_partitions(
    connection: Connection, publication: str, tables: Sequence[str]
) -> None:
    """Raise StopSource if changes of partitions would be told under names of their own:
    a publication that was made by hand, or before, may say so."""
    for table in tables:
        told_apart = one_value(
            connection,
            "SELECT count(*) > 0 FROM pg_class, pg_publication p WHERE relkind = 'p'"
            " AND pg_class.oid = to_regclass(%s) AND pubname = %s AND NOT pubviaroot",
            quoted(table),
            publication,
        )
        if told_apart:
            raise StopSource(
                f"The publication {publication} tells changes of the partitions of "
                f"{table} under their own names.",
                remedy=f"ALTER PUBLICATION {publication} SET "
                "(publish_via_partition_root = true); then start with --resnapshot.",
            )


def slot_holds(connection: Connection, slot: str, *, after: int) -> bool:
    """Return whether the slot exists and has all of the log after that place.

    A slot that stands beyond it was moved or made anew by someone: what lies between
    would be skipped without a word. Ours is moved only to what is stored already.
    """
    holds = one_value(
        connection,
        "SELECT coalesce(wal_status, 'reserved') <> 'lost'"
        "   AND confirmed_flush_lsn - '0/0' <= %s"
        " FROM pg_replication_slots WHERE slot_name = %s AND restart_lsn IS NOT NULL",
        after,
        slot,
    )
    return bool(holds)


def drop_slot(connection: Connection, slot: str) -> None:
    """Drop the slot if it is there; raise RetryLater while someone reads it."""
    try:
        connection.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
            " WHERE slot_name = %s",
            [slot],
        )
    except errors.ObjectInUse:
        raise RetryLater(
            f"Another connector reads the replication slot {slot}.",
            remedy="Stop the other one.",
        ) from None
    except errors.UndefinedObject:
        pass


def drop_publication(connection: Connection, publication: str) -> None:
    """Drop the publication if it is there; raise StopSource if another owns it."""
    drop = sql.SQL("DROP PUBLICATION IF EXISTS {}").format(sql.Identifier(publication))
    try:
        connection.execute(drop)
    except errors.InsufficientPrivilege:
        raise StopSource(
            f"The publication {publication} belongs to another user.",
            remedy=f"Let its owner DROP PUBLICATION {publication}.",
        ) from None


def tables(connection: Connection) -> list[Table]:
    """Return the tables with their columns and the server's guess of their rows."""
    found = connection.execute(
        "SELECT n.nspname || '.' || c.relname,"
        # -1 says that nobody ever counted
        "   CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END,"
        "   array_agg(a.attname::text ORDER BY a.attnum)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
        "   AND NOT a.attisdropped"
        " WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema)'"
        " GROUP BY 1, 2 ORDER BY 1"
    )
    return [Table(name, tuple(columns), rows) for name, rows, columns in found]


def quoted(table: str) -> str:
    """Return a name with its schema as SQL takes it."""
    return ".".join(f'"{part}"' for part in table.split(".", 1))


def table_oid(connection: Connection, table: str) -> int | None:
    """Return the oid of a table with its schema, whether the user sees it or not."""
    found = one_value(
        connection,
        "SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE (nspname, relname) = (%s, %s)",
        *table.split(".", 1),
    )
    return None if found is None else int(found)


def one_value(connection: Connection, query: str, *values: object) -> Any:
    """Return the first value of the first row, None without a row."""
    row = connection.execute(query.encode(), values).fetchone()
    return row[0] if row else None
