"""Large values that an update left alone: the log does not repeat them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import sql

from connectors.contract import Payload
from connectors.debezium import postgresql_server

PLACEHOLDER = "__debezium_unavailable_value"


def completed(
    payload: Payload, *, dsn: str, table: str, key: Mapping[str, Any]
) -> Payload:
    """Return the row with its missing large values read from the table.

    The table may be ahead of the log: then the change that put the newer value there
    follows in the log, and the last state is right all the same.
    """
    missing = [name for name, value in payload.items() if value == PLACEHOLDER]
    if not missing:
        return payload
    query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
        sql.SQL(", ").join(
            sql.SQL("{}::text").format(sql.Identifier(name)) for name in missing
        ),
        sql.Identifier(*postgresql_server.qualified(table).split(".", 1)),
        sql.SQL(" AND ").join(
            sql.SQL("{}::text = {}").format(
                sql.Identifier(name), sql.Literal(str(part))
            )
            for name, part in key.items()
        ),
    )
    with postgresql_server.connection(dsn) as connection:
        found = connection.execute(query).fetchone()
    # Without the row its delete follows: what stands here is soon forgotten.
    values = found or [None] * len(missing)
    return payload | dict(zip(missing, values, strict=True))
