"""The loyalty programme: another PostgreSQL database, captured by Debezium."""

from __future__ import annotations

from service.demo.systems.postgresql_system import SqlSystem

DATABASE = "loyalty"


def open_loyalty(database_url: str) -> SqlSystem:
    """Return the loyalty programme on this database, with its tables."""
    return SqlSystem(database_url, schema="loyalty.sql")
