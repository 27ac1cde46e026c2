"""Splink's own way to match new records with those known, to be measured against.

`predict_between` blocks and scores in DuckDB. Its rules are the model's, with the first
value of a feature that has several: fewer candidates than ours, in Splink's favour.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cached_property

import duckdb
import pyarrow as pa
from splink import DuckDBAPI, Linker

from matching.features.normalise import LISTS, Features
from matching.model.blocking import Rule
from matching.model.model_version import Model
from matching.scoring.arrow_tables import arrow_table, json_table
from matching.scoring.json_tables import TF_NAMES, from_json_sql
from matching.scoring.splink_sql import quiet


class Between:
    """Known records in DuckDB, and Splink beside them."""

    def __init__(self, model: Model) -> None:
        """Begin with no record known."""
        self._model = model
        self._connection = duckdb.connect()
        self._connection.register("shape", arrow_table({}))
        for table in ("known", "fresh"):
            self._connection.execute(f"create table {table} as from shape")
            # predict_between looks frequencies up, even those that stand in a column
            self._connection.execute(
                f"create view {table}_bare as "
                f"select * exclude ({', '.join(TF_NAMES)}) from {table}"
            )
        with quiet():
            self._api = DuckDBAPI(self._connection)
            self._known = self._api.register("known_bare")
            self._fresh = self._api.register("fresh_bare")

    def know(self, features: Mapping[int, Features | str]) -> None:
        """Add known records."""
        self._add("known", features)

    def predict(self, features: Mapping[int, Features | str]) -> int:
        """Match new records with the known ones; return how many pairs reach review."""
        self._connection.execute("delete from fresh")
        self._add("fresh", features)
        with quiet():
            answer = self._linker.inference.predict_between(
                self._known,
                self._fresh,
                threshold_match_probability=self._model.bands.review,
                warning_mode="never",
            )
        counted = self._connection.execute(
            f"select count(*) from {answer.physical_name}"
        ).fetchall()
        answer.drop_table_from_database_and_remove_from_cache()
        return int(counted[0][0])

    def close(self) -> None:
        """Forget all records."""
        self._connection.close()

    @cached_property
    def _linker(self) -> Linker:
        settings = copy.deepcopy(dict(self._model.settings))
        settings["blocking_rules_to_generate_predictions"] = [
            {"blocking_rule": _condition(rule), "sql_dialect": "duckdb"}
            for rule in self._model.rules
        ]
        linker = Linker(self._known, settings)
        for column, table in self._model.term_frequencies.items():
            values = pa.array(list(table.shares), pa.string())
            shares = pa.array(list(table.shares.values()), pa.float64())
            self._connection.register(
                f"shares_{column}", pa.table({column: values, f"tf_{column}": shares})
            )
            linker.table_management.register_term_frequency_lookup(
                self._api.register(f"shares_{column}"), column
            )
        return linker

    def _add(self, table: str, features: Mapping[int, Features | str]) -> None:
        self._connection.register("incoming", json_table(features))
        self._connection.execute(f"insert into {table} {from_json_sql('incoming')}")
        self._connection.unregister("incoming")


def _condition(rule: Rule) -> str:
    first = [f"{name}[1]" if name in LISTS else name for name in rule.columns]
    return " and ".join(f"l.{column} = r.{column}" for column in first)
