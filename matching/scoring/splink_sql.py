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
from matching.scoring.scored_pair import Columns


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


def comparison_columns(settings: Mapping[str, Any]) -> Columns:
    """Return how Splink's answer for these settings is read."""
    levels: dict[str, dict[int, str]] = {}
    adjusted: set[str] = set()
    for comparison in settings["comparisons"]:
        name = comparison["output_column_name"]
        levels[name] = level_labels(comparison)
        if any("tf_adjustment_column" in x for x in comparison["comparison_levels"]):
            adjusted.add(name)
    return Columns(tuple(levels), frozenset(adjusted), levels)


def level_labels(comparison: Mapping[str, Any]) -> dict[int, str]:
    """Return the label of each comparison level by Splink's number for it."""
    listed = comparison["comparison_levels"]
    known = [x for x in listed if not x.get("is_null_level")]
    labels = {
        len(known) - 1 - i: str(level["label_for_charts"])
        for i, level in enumerate(known)
    }
    return labels | {-1: "missing"}
