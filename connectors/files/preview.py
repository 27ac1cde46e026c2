"""What a mapping makes of a file, rows and counts; nothing is written anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from connectors.contract import Row
from connectors.files import map_file
from connectors.files.field_counts import FieldCounts, as_lines
from connectors.files.read import rows
from connectors.mapping.rows_to_events import Mapping, Reject
from schemas.change_event import ChangeEvent, Op


def preview(
    path: Path, mapping: Mapping, table: str, *, shown: int, counted: int
) -> Iterator[dict[str, Any]]:
    """Yield how the file is read, then what each of the first rows becomes.

    A row is {"row", "before", "kind", "key", "after"} for each record it gives, with
    "part" where it gives one (`after` is null for a deletion), or {"row", "before",
    "reason"} if it is set aside; `before` is the row without its secrets. Then come
    {"counts"} over the first `counted` rows (all of them for 0), the columns that no
    field uses, and what the mapping notes. Raise StopSource if the file cannot be read.
    """
    if layout := map_file.told_layout(path, mapping):
        yield {"layout": layout}
    counts = FieldCounts()
    last = max(shown, counted) if counted else None
    for number, one in enumerate(islice(rows(path, mapping.layout), last)):
        row = Row(table, Op.READ, one.payload, (1, one.number), None, True, one.problem)
        counts.rows += 1
        for outcome in mapping.events(row):
            counts.add(outcome)
            if number < shown:
                yield {"row": one.number} | _said(outcome)
    yield {"counts": counts.told()}
    if unused := mapping.unmapped.columns().get(table):
        yield {"unused_columns": unused}
    for sentence in mapping.told.take():
        yield {"note": sentence}


def _said(outcome: ChangeEvent | Reject) -> dict[str, Any]:
    if isinstance(outcome, Reject):
        return {"before": outcome.row.payload, "reason": outcome.reason}
    said = outcome.model_dump(
        mode="json", include={"kind", "key", "part", "after"}, exclude_none=True
    )
    return {"before": outcome.raw, "after": None} | said


def as_text(said: dict[str, Any]) -> str:
    """Return one of the answers for a person to read."""
    if "layout" in said:
        return str(said["layout"])
    if "note" in said:
        return str(said["note"])
    if "counts" in said:
        return "\n".join(as_lines(said["counts"]))
    if "unused_columns" in said:
        return f"columns that no field uses: {', '.join(said['unused_columns'])}"
    if "reason" in said:
        head = f"row {said['row']} is set aside: {said['reason']}"
        return "\n".join([head, *_before(said)])
    head = f"row {said['row']}: {said['kind']} {said['key']}"
    if part := said.get("part"):
        head += f", its part {part['table']} {part['row']},"
    if said["after"] is None:
        return f"{head} is deleted"
    fields = [
        f"    {name}: {value if isinstance(value, str) else _plain(value)}"
        for name, value in said["after"].items()
        if value not in ([], {}, False)
    ]
    return "\n".join([head, *_before(said), *fields])


def _before(said: dict[str, Any]) -> list[str]:
    row = said["before"] or {}
    held = {name: value for name, value in row.items() if value not in (None, "")}
    return [f"  from {_plain(held)}"] if held else []


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
