"""What the user of a capture may do, tried as the capture will do it, then undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection, errors, sql

from connectors.contract import StopSource
from connectors.debezium.postgresql_server import one_value, quoted, table_oid

_WAIT_MS = 2_000


def require(
    connection: Connection[Any], tables: Sequence[str], *, publication: str
) -> None:
    """Raise StopSource, with the SQL to run, for the first right that is missing.

    Tables are named with their schema.
    """
    user = str(one_value(connection, "SELECT quote_ident(current_user)"))
    role = (
        "SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user"
    )
    if not one_value(connection, role):
        raise StopSource(
            f"The user {user} may not replicate.",
            remedy=f"ALTER ROLE {user} REPLICATION;",
        )
    for table in tables:
        _require_reading(connection, table, user)
    if is_of_another(connection, publication):
        _require_all_published(connection, tables, publication)
    else:
        _require_publishing(connection, tables, publication, user)


def is_of_another(connection: Connection[Any], publication: str) -> bool:
    """Return whether the publication is there and the user may not alter it."""
    return bool(
        one_value(
            connection,
            "SELECT NOT pg_has_role(pubowner, 'USAGE') FROM pg_publication"
            " WHERE pubname = %s",
            publication,
        )
    )


def _require_reading(connection: Connection[Any], table: str, user: str) -> None:
    schema = quoted(table).split(".")[0]
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(f"SELECT FROM {quoted(table)} LIMIT 0".encode())
    except errors.InsufficientPrivilege:
        grants = []
        usage = "SELECT has_schema_privilege(%s, 'USAGE')"
        if not one_value(connection, usage, table.split(".")[0]):
            grants.append(f"GRANT USAGE ON SCHEMA {schema} TO {user};")
        select = "SELECT has_table_privilege(%s::oid, 'SELECT')"
        if not one_value(connection, select, table_oid(connection, table)):
            grants.append(f"GRANT SELECT ON {quoted(table)} TO {user};")
        raise StopSource(
            f"The user {user} may not read the table {table}.", remedy=" ".join(grants)
        ) from None
    active = "SELECT row_security_active(%s::oid)"
    if one_value(connection, active, table_oid(connection, table)):
        raise StopSource(
            f"Row-level security may hide rows of {table} from the user {user}.",
            remedy=f"ALTER ROLE {user} BYPASSRLS;",
        )


def _require_all_published(
    connection: Connection[Any], tables: Sequence[str], publication: str
) -> None:
    found = connection.execute(
        "SELECT schemaname || '.' || tablename FROM pg_publication_tables"
        " WHERE pubname = %s",
        [publication],
    )
    published = {row[0] for row in found}
    missing = [table for table in tables if table not in published]
    if missing:
        raise StopSource(
            f"The publication {publication}, of another user, lacks {missing[0]}.",
            remedy=f"Let its owner run: ALTER PUBLICATION {publication} ADD TABLE "
            f"{', '.join(map(quoted, missing))};",
        )


def _require_publishing(
    connection: Connection[Any], tables: Sequence[str], publication: str, user: str
) -> None:
    listed = sql.SQL(", ").join(
        sql.Identifier(*table.split(".", 1)) for table in tables
    )
    tried = sql.SQL("CREATE PUBLICATION {} FOR TABLE {}").format(
        sql.Identifier(f"{publication}_tried"), listed
    )
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(f"SET LOCAL lock_timeout = {_WAIT_MS}".encode())
            connection.execute(tried)
    except errors.LockNotAvailable:
        return  # somebody alters a table just now: the capture will see
    except errors.InsufficientPrivilege:
        raise _may_not_publish(connection, tables, publication, user) from None


def _may_not_publish(
    connection: Connection[Any], tables: Sequence[str], publication: str, user: str
) -> StopSource:
    owns = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = %s"
    others = [
        table
        for table in tables
        if not one_value(connection, owns, table_oid(connection, table))
    ]
    if not others:
        database = one_value(connection, "SELECT quote_ident(current_database())")
        return StopSource(
            f"The user {user} may not publish tables in this database.",
            remedy=f"GRANT CREATE ON DATABASE {database} TO {user};",
        )
    return StopSource(
        f"The user {user} may not publish {others[0]}, which it does not own.",
        remedy=f"Let the owner of the tables run, once: CREATE PUBLICATION "
        f"{publication} FOR TABLE {', '.join(map(quoted, tables))} "
        "WITH (publish_via_partition_root = true);",
    )
