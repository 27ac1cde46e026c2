"""What a failure of Debezium's engine means for the person who must mend it."""

from __future__ import annotations

from typing import Any

from connectors.contract import ConnectorError, RetryLater, StopSource

_KNOWN: tuple[tuple[str, type[ConnectorError], str, str], ...] = (
    (
        "password authentication failed",
        StopSource,
        "The database refused the user or the password.",
        "Correct `dsn`.",
    ),
    (
        "wal_level",
        StopSource,
        "The database does not write logical changes (wal_level).",
        "ALTER SYSTEM SET wal_level = logical; then restart PostgreSQL.",
    ),
    (
        "all replication slots are in use",
        StopSource,
        "The database has no replication slot left.",
        "Raise max_replication_slots, or drop a slot nobody reads.",
    ),
    (
        "permission denied",
        StopSource,
        "The user may not do what a capture needs.",
        "Grant it REPLICATION, and SELECT on the tables.",
    ),
    (
        "must be owner",
        StopSource,
        "The user may not publish the tables: it does not own them.",
        "Let their owner CREATE PUBLICATION couture_<system> FOR TABLE …, once.",
    ),
    (
        "access denied",
        StopSource,
        "The database refused the user, the password or a right.",
        "Correct `dsn`, or GRANT what a capture needs (docs/databases.md).",
    ),
    (
        "is active for pid",
        RetryLater,
        "Another connector reads the replication slot.",
        "Stop the other one.",
    ),
    (
        "connection",
        RetryLater,
        "The connection to the database broke.",
        "Start the database; the capture goes on by itself.",
    ),
)


def failure(error: Any) -> ConnectorError:
    """Return the error to raise for a Java exception.

    Its own messages may quote rows: they are looked at, never passed on.
    """
    chain: list[Any] = []
    while error is not None and len(chain) < 10:
        chain.append(error)
        error = error.getCause()
    said = " ".join(str(one.getMessage() or "") for one in chain).lower()
    for words, kind, problem, remedy in _KNOWN:
        if words in said:
            return kind(problem, remedy=remedy)
    names = " < ".join(str(one.getClass().getSimpleName()) for one in chain[-2:])
    return RetryLater(
        f"Debezium's engine stopped ({names}).",
        remedy="It starts again; if it repeats, look into the database's own log.",
    )
