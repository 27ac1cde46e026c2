"""The tills: a PostgreSQL database of their own, captured by Debezium."""

from __future__ import annotations

from service.demo.systems.postgresql_system import SqlSystem

DATABASE = "pos"


def open_pos(database_url: str) -> SqlSystem:
    """Return the tills on this database, with their tables."""
    return SqlSystem(database_url, schema="pos.sql")
