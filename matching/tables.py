"""Records as columns: features in Arrow, for DuckDB to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from matching.comparisons import COPIES, TF_COLUMNS
from matching.normalise import LISTS, TEXTS, Features

_TEXT_LIST = pa.list_(pa.string())
TF_NAMES = tuple(f"tf_{column}" for column in TF_COLUMNS)
SCHEMA = pa.schema(
    [
        ("unique_id", pa.int64()),
        *((column, pa.string()) for column in TEXTS),
        *((column, _TEXT_LIST) for column in LISTS),
        *((column, pa.float64()) for column in TF_NAMES),
    ]
)


def arrow_table(features: Mapping[int, Features]) -> pa.Table:
    """Return the records as one table, a row each, in the order of the mapping."""
    rows: Sequence[Features] = list(features.values())
    columns = [pa.array(list(features), pa.int64())]
    for field in list(SCHEMA)[1:]:
        name = field.name
        columns.append(pa.array([row.get(name) for row in rows], field.type))
    table = pa.table(columns, schema=SCHEMA)
    for copy, original in COPIES.items():
        table = table.append_column(copy, table[original])
    return table
