"""Records as columns: features as JSON text, for DuckDB to read."""

from __future__ import annotations

import json
from collections.abc import Iterable

import orjson

from matching.features.normalise import CONTACT_ONLY, LISTS, TEXTS, Features
from matching.model.comparisons import COPIES, TF_COLUMNS

TF_NAMES = tuple(f"tf_{column}" for column in TF_COLUMNS)
_TYPES = (
    dict.fromkeys(TEXTS, "VARCHAR")
    | dict.fromkeys(LISTS, "VARCHAR[]")
    | dict.fromkeys(TF_NAMES, "DOUBLE")
    | {CONTACT_ONLY: "BOOLEAN"}
)
_SHAPE = json.dumps(_TYPES)


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
    names = [f"f.{name}" for name in _TYPES]
    names += [f"f.{original} as {copy}" for copy, original in COPIES.items()]
    read = f"select unique_id, from_json(features, '{_SHAPE}') as f from {table}"
    return f"select unique_id, {', '.join(names)} from ({read})"
