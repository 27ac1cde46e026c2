"""Rows in PostgreSQL's binary form, made where there is time and copied at once."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from service.database.connection.session import Connection

_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_NULL = struct.pack(">i", -1)
_LENGTH = struct.Struct(">i")
_BIGINT = struct.Struct(">iq")
_COUNT = struct.Struct(">h")


def bigint(value: int | None) -> bytes:
    """Return a bigint as a field."""
    return _NULL if value is None else _BIGINT.pack(8, value)


def bytea(value: bytes | None) -> bytes:
    """Return bytes, text in UTF-8 or a UUID's bytes as a field."""
    return _NULL if value is None else _LENGTH.pack(len(value)) + value


def jsonb(text: bytes) -> bytes:
    """Return JSON as a field."""
    return _LENGTH.pack(len(text) + 1) + b"\x01" + text


def row(*fields: bytes) -> bytes:
    """Return a row of fields."""
    return _COUNT.pack(len(fields)) + b"".join(fields)


def copy_rows(
    connection: Connection, table: str, columns: str, rows: Sequence[bytes] | bytes
) -> None:
    """Add rows to a table."""
    body = rows if isinstance(rows, bytes) else b"".join(rows)
    if body:
        statement = f"COPY {table} ({columns}) FROM STDIN (FORMAT binary)"
        with (
            connection.cursor() as cursor,
            cursor.copy(statement.encode()) as copy,
        ):
            copy.write(_HEAD + body + _END)
