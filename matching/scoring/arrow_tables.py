"""Records as columns: features in Arrow, for DuckDB to read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import orjson
import pyarrow as pa

from matching.features.normalise import LISTS, TEXTS, Features
from matching.model.comparisons import COPIES, TF_COLUMNS

_TEXT_LIST = pa.list_(pa.string())
_DUCKDB = {pa.string(): "VARCHAR", _TEXT_LIST: "VARCHAR[]", pa.float64(): "DOUBLE"}
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


def json_table(features: Mapping[int, Features | str]) -> pa.Table:
    """Return records and their features as JSON text, for `from_json_sql` to read."""
    texts = json_texts(features.values())
    ids = pa.array(list(features), pa.int64())
    return pa.table({"unique_id": ids, "features": pa.array(texts, pa.string())})


def json_texts(features: Iterable[Features | str]) -> list[str]:
    """Return features as JSON text, those that are text already as they are."""
    return [
        given if isinstance(given, str) else orjson.dumps(given).decode()
        for given in features
    ]


def from_json_sql(table: str) -> str:
    """Return the select of the same columns as `arrow_table` from a `json_table`.

    DuckDB reads the text five times as fast as Python makes columns of dictionaries.
    """
    fields = list(SCHEMA)[1:]
    shape = json.dumps({field.name: _DUCKDB[field.type] for field in fields})
    names = [f"f.{field.name}" for field in fields]
    names += [f"f.{original} as {copy}" for copy, original in COPIES.items()]
    read = f"select unique_id, from_json(features, '{shape}') as f from {table}"
    return f"select unique_id, {', '.join(names)} from ({read})"
