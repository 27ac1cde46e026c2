"""Records as columns: features in Arrow, for DuckDB to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from matching.features.normalise import CONTACT_ONLY, LISTS, TEXTS, Features
from matching.model.comparisons import COPIES
from matching.scoring.json_tables import TF_NAMES, json_texts

_TEXT_LIST = pa.list_(pa.string())
SCHEMA = pa.schema(
    [
        ("unique_id", pa.int64()),
        *((column, pa.string()) for column in TEXTS),
        *((column, _TEXT_LIST) for column in LISTS),
        *((column, pa.float64()) for column in TF_NAMES),
        (CONTACT_ONLY, pa.bool_()),
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
