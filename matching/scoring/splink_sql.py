"""Splink, as far as we need it: the statement it writes and the names in its answer."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb
from splink import DuckDBAPI
from splink.internals.realtime import compare_records

from matching.scoring.arrow_tables import arrow_table


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Splink's advice to interactive users out of the service's log."""
    loggers = [logging.getLogger(name) for name in ("splink", "splink.internals")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def statement(settings: Mapping[str, Any], left: str, right: str) -> str:
    """Return Splink's own scoring statement, reading pairs from two tables.

    Rows of the two tables belong together by their column `pair`.
    """
    empty = arrow_table({})
    dummy = empty.append_column("pair", empty["unique_id"])
    with quiet(), duckdb.connect() as connection:
        answer = compare_records(
            dummy,
            dummy,
            copy.deepcopy(dict(settings)),
            DuckDBAPI(connection),
            join_condition="l.pair = r.pair",
        )
        sql = str(answer.sql_used_to_create)
        for source, table in (("left", left), ("right", right)):
            sql = _read_from(sql, f"__splink__compare_records_{source}_", table)
    return sql


def _read_from(sql: str, prefix: str, table: str) -> str:
    start = sql.index(prefix)
    name = sql[start : sql.index(" ", start)]
    return sql.replace(name, table)
