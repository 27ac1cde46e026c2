"""The MariaDB server itself: is it fit for a capture, and what of its binlog."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pymysql
from pymysql.constants import CR, ER

from connectors.contract import RetryLater, StopSource, Table
from connectors.debezium.table_schema import Column, TableSchema

_ACCESS = (ER.ACCESS_DENIED_ERROR, ER.DBACCESS_DENIED_ERROR, ER.BAD_DB_ERROR)
_RIGHTS = {
    "REPLICATION SLAVE": ("REPLICATION SLAVE",),
    "BINLOG MONITOR": ("BINLOG MONITOR", "REPLICATION CLIENT", "SUPER"),
    "RELOAD": ("RELOAD",),
}
_SETTINGS = {
    "log_bin": ("1", "log_bin = binlog in its configuration; then restart it."),
    "binlog_format": ("ROW", "SET GLOBAL binlog_format = ROW, and in its files."),
    "binlog_row_image": ("FULL", "SET GLOBAL binlog_row_image = FULL, and in files."),
}
SSL_MODES = ("disable", "trust", "verify-ca", "verify-full")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is and who asks."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    ssl_mode: str = "disable"
    ssl_ca: str | None = None

    @classmethod
    def read(cls, dsn: str) -> Address:
        """Return the address in a URL; raise StopSource if it is none."""
        try:
            url = urlsplit(dsn)
            query = {name: values[-1] for name, values in parse_qs(url.query).items()}
            found = cls(
                host=url.hostname or "",
                port=url.port or 3306,
                user=unquote(url.username or ""),
                password=unquote(url.password or ""),
                database=url.path.strip("/"),
                ssl_mode=query.pop("ssl_mode", "disable"),
                ssl_ca=query.pop("ssl_ca", None),
            )
            known = found.ssl_mode in SSL_MODES and not query
        except ValueError:
            raise _no_url() from None
        if not (known and url.scheme in ("mariadb", "mysql")):
            raise _no_url()
        if not (found.host and found.user and found.database):
            raise _no_url()
        return found


def _no_url() -> StopSource:
    return StopSource(
        "`dsn` is no URL of a MariaDB database.",
        remedy="Write mariadb://user:password@host:3306/database"
        f" (?ssl_mode={'|'.join(SSL_MODES)}&ssl_ca=FILE).",
    )


@contextmanager
def connection(address: Address) -> Iterator[Any]:
    """Open the database; raise RetryLater if it is away, StopSource if it refuses."""
    try:
        opened = pymysql.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            database=address.database,
            connect_timeout=5,
            autocommit=True,
            **_tls(address),
        )
    except (pymysql.Error, OSError) as error:
        raise _cannot_connect(error, address) from None
    try:
        yield opened
    except pymysql.OperationalError as error:
        raise RetryLater(
            f"The database went away ({error.args[0]}).",
            remedy="Start it; the capture goes on by itself.",
        ) from error
    finally:
        opened.close()


def _tls(address: Address) -> dict[str, Any]:
    if address.ssl_mode == "disable":
        return {"ssl_disabled": True}
    return {
        "ssl_ca": address.ssl_ca,
        "ssl_verify_cert": address.ssl_mode.startswith("verify"),
        "ssl_verify_identity": address.ssl_mode == "verify-full",
    }


def _cannot_connect(error: Exception, address: Address) -> RetryLater | StopSource:
    number, where = error.args[0], f"{address.host}:{address.port}"
    if number in _ACCESS:
        return StopSource(
            f"The database {address.database} at {where} refused the user, the password"
            f" or the name ({number}).",
            remedy="Correct `dsn`.",
        )
    said = str(error).lower()
    if "certificate" in said or "ssl" in said:
        return StopSource(
            f"The certificate of the database at {where} was not accepted.",
            remedy="Name its authority by `ssl_ca` in `dsn`, or renew it.",
        )
    away = number == CR.CR_CONN_HOST_ERROR
    did = "does not answer" if away else f"refuses ({number})"
    return RetryLater(
        f"The database at {where} {did}.", remedy="Start it, or correct `dsn`."
    )


def check_ready(opened: Any, tables: Sequence[str]) -> None:
    """Raise StopSource for the first thing that makes a capture impossible."""
    for name, (wanted, remedy) in _SETTINGS.items():
        found = str(_rows(opened, f"SELECT @@global.{name}")[0][0])
        if found != wanted:
            raise StopSource(
                f"The server's {name} is {found}: its log does not tell all changes.",
                remedy=remedy,
            )
    _check_rights(opened)
    for table in tables:
        _check_table(opened, table)


def _check_rights(opened: Any) -> None:
    granted = " ".join(row[0] for row in _rows(opened, "SHOW GRANTS"))
    globally = " ".join(re.findall(r"GRANT (.*?) ON \*\.\*", granted))
    for right, any_of in _RIGHTS.items():
        if not any(one in globally for one in (*any_of, "ALL PRIVILEGES")):
            raise StopSource(
                f"The user lacks the right {right}.",
                remedy=f"GRANT {', '.join(_RIGHTS)} ON *.* TO it.",
            )


def _check_table(opened: Any, table: str) -> None:
    try:
        _rows(opened, f"SELECT 1 FROM {_quoted(table)} LIMIT 0")
    except pymysql.ProgrammingError:
        raise StopSource(
            f"There is no table {table}.", remedy="Correct the mapping file or `dsn`."
        ) from None
    except pymysql.OperationalError as error:
        if error.args[0] != ER.TABLEACCESS_DENIED_ERROR:
            raise
        raise StopSource(
            f"The user may not read the table {table}.",
            remedy=f"GRANT SELECT ON {table} TO it.",
        ) from None


def log_file_exists(opened: Any, file: object) -> bool:
    """Return whether the server still has a file of its binlog."""
    return any(row[0] == file for row in _rows(opened, "SHOW BINARY LOGS"))


def tables(opened: Any) -> list[Table]:
    """Return the tables of the database and the server's guess of their rows."""
    found = _rows(
        opened,
        "SELECT t.table_name, t.table_rows, group_concat(c.column_name ORDER BY"
        " c.ordinal_position SEPARATOR '\n') FROM information_schema.tables t"
        " JOIN information_schema.columns c USING (table_schema, table_name)"
        " WHERE t.table_schema = database() GROUP BY 1, 2 ORDER BY 1",
    )
    return [Table(name, tuple(names.split("\n")), rows) for name, rows, names in found]


def shapes(opened: Any, tables: Sequence[str]) -> dict[str, TableSchema]:
    """Return the shapes of those tables that exist."""
    found: dict[str, TableSchema] = {}
    for table in tables:
        schema, _, name = table.rpartition(".")
        rows = _rows(
            opened,
            "SELECT column_name, column_type, is_nullable = 'YES', ordinal_position,"
            " coalesce(character_set_name, '') FROM information_schema.columns"
            " WHERE table_schema = coalesce(nullif(%s, ''), database())"
            " AND table_name = %s ORDER BY ordinal_position",
            schema,
            name,
        )
        key = _rows(
            opened,
            "SELECT column_name FROM information_schema.key_column_usage"
            " WHERE table_schema = coalesce(nullif(%s, ''), database())"
            " AND table_name = %s AND constraint_name = 'PRIMARY'"
            " ORDER BY ordinal_position",
            schema,
            name,
        )
        if rows:
            columns = tuple(Column(n, t, bool(o), p, e) for n, t, o, p, e in rows)
            found[table] = TableSchema("", tuple(row[0] for row in key), columns)
    return found


def _quoted(table: str) -> str:
    return ".".join(f"`{part}`" for part in table.split(".", 1))


def _rows(opened: Any, query: str, *values: object) -> list[Any]:
    with opened.cursor() as cursor:
        cursor.execute(query, values or None)
        return list(cursor.fetchall())
