"""How pairs agree: the level of every comparison, from Splink's statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from matching.model.comparisons import TF_COLUMNS
from matching.scoring.splink_sql import statement

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Agreements:
    """For each pair: the level of each comparison (-1 missing), and frequencies."""

    a: Ints
    b: Ints
    levels: dict[str, Ints]
    frequencies: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.a)


def agreements(
    connection: duckdb.DuckDBPyConnection, settings: Mapping[str, Any], *tables: str
) -> list[Agreements]:
    """Return how the pairs (a, b) of each table agree; records come from `record`."""
    sql = statement(settings, "left_records", "right_records")
    return [_agreements(connection, settings, sql, table) for table in tables]


def _agreements(
    connection: duckdb.DuckDBPyConnection,
    settings: Mapping[str, Any],
    sql: str,
    pairs: str,
) -> Agreements:
    names = [c["output_column_name"] for c in settings["comparisons"]]
    gammas = [f"gamma_{name}" for name in names]
    for side, column in (("left", "a"), ("right", "b")):
        connection.execute(
            f"create or replace temp view {side}_records as select r.*, "
            f"({pairs}.a::hugeint * 4294967296 + {pairs}.b)::bigint as pair "
            f"from {pairs} join record r on r.unique_id = {pairs}.{column}"
        )
    tf = [f"greatest(tf_{c}_l, tf_{c}_r) as tf_{c}" for c in TF_COLUMNS]
    found = connection.execute(
        f"select unique_id_l as a, unique_id_r as b, {', '.join(gammas)}, "
        f"{', '.join(tf)} from ({sql}) order by a, b"
    ).fetchnumpy()
    return Agreements(
        found["a"],
        found["b"],
        {n: found[g].astype(np.int64) for n, g in zip(names, gammas, strict=True)},
        {c: _floats(found[f"tf_{c}"]) for c in TF_COLUMNS},
    )


def _floats(column: Any) -> Floats:
    """Return a column with NaN for what is missing."""
    return np.ma.filled(np.ma.asarray(column, dtype=np.float64), np.nan)
