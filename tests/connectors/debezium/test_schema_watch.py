"""Twelve drifts on the real databases: each handled, read again or paused; all told."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from connectors.contract import RetryLater, StopSource
from connectors.debezium import mariadb_server, postgresql_catalogue
from connectors.debezium.schema_watch import ReadAgain, SchemaWatch, read
from connectors.debezium.table_schema import TableSchema
from tests.mariadb.server import MariaDB

TABLE = "t"
NEEDS = {TABLE: (frozenset(["id"]), frozenset(["mail", "email"]), frozenset(["city"]))}
ON, AGAIN, PAUSE = "goes on", ReadAgain, StopSource
_ENUM = "ALTER TYPE hue ADD VALUE 'blue'"

POSTGRESQL = {
    "add": ("ALTER TABLE t ADD COLUMN shoe text DEFAULT '38'", ON, "new column shoe"),
    "drop": ("ALTER TABLE t DROP COLUMN note", ON, "lost its column note"),
    "drop of a mapped": ("ALTER TABLE t DROP COLUMN city", PAUSE, "no column city"),
    "rename": ("ALTER TABLE t RENAME note TO remark", ON, "note .* is called remark"),
    "rename of a mapped": ("ALTER TABLE t RENAME city TO town", PAUSE, "called town"),
    "widen": ("ALTER TABLE t ALTER city TYPE varchar(90)", ON, r"is .*\(90\)"),
    "narrow": ("ALTER TABLE t ALTER city TYPE varchar(5)", AGAIN, r"is .*\(5\)"),
    "nullability": ("ALTER TABLE t ALTER city SET NOT NULL", ON, "may not be empty"),
    "enum value": (_ENUM, ON, r"is enum\(red,green,blue\)"),
    "key": (
        "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (id, city)",
        PAUSE,
        r"was \(id\) and is \(id, city\)",
    ),
    "type": ("ALTER TABLE t ALTER n TYPE text", AGAIN, "was integer and is text"),
    "re-created": ("DROP TABLE t; {create}", AGAIN, "created anew"),
}
MARIADB = {
    "add": ("ALTER TABLE t ADD COLUMN shoe int DEFAULT 38", ON, "new column shoe"),
    "drop": ("ALTER TABLE t DROP COLUMN note", ON, "lost its column note"),
    "drop of a mapped": ("ALTER TABLE t DROP COLUMN city", PAUSE, "no column city"),
    "rename": ("ALTER TABLE t RENAME COLUMN note TO r", ON, "note .* is called r"),
    "rename of a mapped": (
        "ALTER TABLE t RENAME COLUMN city TO town",
        PAUSE,
        "called town",
    ),
    "widen": ("ALTER TABLE t MODIFY city varchar(90)", ON, r"is varchar\(90\)"),
    "narrow": ("ALTER TABLE t MODIFY city varchar(5)", AGAIN, r"is varchar\(5\)"),
    "nullability": ("ALTER TABLE t MODIFY city varchar(50) NOT NULL", ON, "may not"),
    "enum value": ("ALTER TABLE t MODIFY hue enum('red','green','blue')", ON, "blue"),
    "key": ("ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id, n)", PAUSE, "id, n"),
    "type": ("ALTER TABLE t MODIFY n varchar(20)", AGAIN, r"is varchar\(20\)"),
    "encoding": (
        "ALTER TABLE t CONVERT TO CHARACTER SET latin1",
        AGAIN,
        "encoded in utf8mb4, now in latin1",
    ),
    "column order": (
        "ALTER TABLE t MODIFY note varchar(50) FIRST",
        ON,
        "in another order",
    ),
}
CREATE = (
    "CREATE TABLE t (id int PRIMARY KEY, mail varchar(50), city varchar(50), hue {hue},"
    " n int, note varchar(50))"
)
Drifting = tuple[Callable[[str], Any], Callable[[], dict[str, TableSchema]]]


@pytest.fixture
def on_postgresql(till: str) -> Any:
    with psycopg.connect(till, autocommit=True) as connection:
        create = CREATE.format(hue="hue")
        connection.execute("CREATE TYPE hue AS ENUM ('red', 'green')")
        connection.execute(create.encode())
        yield (
            lambda said: connection.execute(said.format(create=create).encode()),
            lambda: postgresql_catalogue.shapes(connection, [TABLE]),
        )


@pytest.fixture
def on_mariadb(mariadb: MariaDB, till_on_mariadb: str) -> Any:
    name = till_on_mariadb
    mariadb.run(CREATE.format(hue="enum('red','green')"), name)
    address = mariadb_server.Address.read(mariadb.url(name))

    def shapes() -> dict[str, TableSchema]:
        with mariadb_server.connection(address) as opened:
            return mariadb_server.shapes(opened, [TABLE])

    return lambda said: mariadb.run(said, name), shapes


@pytest.mark.parametrize("drift", POSTGRESQL)
def test_a_drift_on_postgresql_is_told(on_postgresql: Drifting, drift: str) -> None:
    _see(on_postgresql, *POSTGRESQL[drift])


@pytest.mark.parametrize("drift", MARIADB)
def test_a_drift_on_mariadb_is_told(on_mariadb: Drifting, drift: str) -> None:
    _see(on_mariadb, *MARIADB[drift])


def _see(drifting: Drifting, statement: str, outcome: Any, said: str) -> None:
    run, shapes = drifting
    before = SchemaWatch(shapes, NEEDS, shapes())
    assert before.notes([]) == []
    # As it comes back from the offset, at the next start.
    watch = SchemaWatch(shapes, NEEDS, read(before.stored()))
    run(statement)
    if outcome is ON:
        notes = watch.notes([])
        assert len(notes) == 1
        assert notes[0].remedy
        assert re.search(said, notes[0].problem)
        assert SchemaWatch(shapes, NEEDS, read(watch.stored())).notes([]) == []
    else:
        with pytest.raises(outcome, match=said) as told:
            watch.notes([])
        assert told.value.remedy


def test_a_row_with_other_columns_is_looked_into_before_it_is_published(
    on_postgresql: Drifting,
) -> None:
    run, shapes = on_postgresql
    watch = SchemaWatch(shapes, NEEDS, shapes())
    columns = watch.known[TABLE].names
    assert watch.notes([(TABLE, columns)]) == []
    run("ALTER TABLE t DROP COLUMN city")
    # Within the seconds in which the catalogue is not asked again.
    assert watch.notes([(TABLE, columns)]) == []
    with pytest.raises(StopSource, match="no column city"):
        watch.notes([(TABLE, columns - {"city"})])


def test_a_table_that_is_gone_is_waited_for(on_postgresql: Drifting) -> None:
    run, shapes = on_postgresql
    watch = SchemaWatch(shapes, NEEDS, shapes())
    run("DROP TABLE t")
    with pytest.raises(RetryLater, match="Table t is gone"):
        watch.notes([])
