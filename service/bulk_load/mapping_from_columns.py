"""A mapping file made of `--map canonical=column` options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from matching.features.dates import Order
from matching.features.file_records import ADDRESS, CANONICAL, SEVERAL, SINGLE
from service.errors import Misconfigured

_DATES = {
    "YMD": ["iso", "%Y%m%d", "%Y/%m/%d"],
    "DMY": ["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d%m%Y", "iso"],
    "MDY": ["%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y", "%m%d%Y", "iso"],
}


def write_mapping(
    columns: Mapping[str, str], folder: Path, *, dates: Order = "YMD"
) -> Path:
    """Write the mapping of these columns; `id` names the column of the record's id."""
    known = ("id", *CANONICAL)
    if unknown := set(columns) - set(known):
        raise Misconfigured(
            f"Unknown field {', '.join(sorted(unknown))}.",
            remedy=f"Fields are: {' '.join(known)}.",
        )
    if "id" not in columns:
        raise Misconfigured(
            "No column is named as the record's id.", remedy="Add --map id=COLUMN."
        )
    if len(columns) < 2:
        raise Misconfigured(
            "No column but the id is named.", remedy="Add --map family_name=COLUMN …"
        )
    fields = {name: _of(columns[name]) for name in SINGLE if name in columns}
    for name, several in SEVERAL.items():
        if name in columns:
            fields[several] = _of(columns[name], {"split": "|"})
    if "birth_date" in columns:
        fields["birth_date"] = _of(columns["birth_date"], {"date": _DATES[dates]})
        fields["birth_date"]["invalid"] = "ignore"
    if place := {name: _of(columns[name]) for name in ADDRESS if name in columns}:
        fields["addresses"] = {"fields": place}
    target = {"kind": "customer", "id": _of(columns["id"]), "fields": fields}
    path = folder / "mapping.yaml"
    path.write_text(yaml.safe_dump({"tables": {"customer": target}}, sort_keys=True))
    return path


def _of(column: str, transform: Any = None) -> dict[str, Any]:
    # quoted: a column may bear any name, and JMESPath reads words and brackets
    plain = column.replace("_", "").isalnum() and not column[:1].isdigit()
    quoted = column.replace("\\", "\\\\").replace('"', '\\"')
    path = column if plain and column.isascii() else f'"{quoted}"'
    return {"from": path} | ({"transform": transform} if transform else {})
