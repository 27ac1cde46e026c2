"""What a mapping makes of the first rows of a file; nothing is written anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from connectors.contract import Row
from connectors.files import map_file
from connectors.files.read import rows
from connectors.mapping.rows_to_events import Mapping, Reject
from schemas.change_event import Op


def preview(
    path: Path, mapping: Mapping, table: str, *, limit: int
) -> Iterator[dict[str, Any]]:
    """Yield how the file is read, then what each of the first rows becomes.

    A row is {"row", "kind", "key", "after"} for each record it gives, with "part" where
    it gives one (`after` is null for a deletion), or {"row", "reason"} if it is set
    aside. Last come the columns that no field uses, and what the mapping notes. Raise
    StopSource if the file cannot be read.
    """
    if layout := map_file.told_layout(path, mapping):
        yield {"layout": layout}
    for one in islice(rows(path, mapping.layout), limit):
        row = Row(table, Op.READ, one.payload, (1, one.number), None, True, one.problem)
        for outcome in mapping.events(row):
            if isinstance(outcome, Reject):
                yield {"row": one.number, "reason": outcome.reason}
                continue
            said = outcome.model_dump(
                mode="json", include={"kind", "key", "part", "after"}, exclude_none=True
            )
            yield {"row": one.number, "after": None} | said
    if unused := mapping.unmapped.columns().get(table):
        yield {"unused_columns": unused}
    for sentence in mapping.told.take():
        yield {"note": sentence}


def as_text(said: dict[str, Any]) -> str:
    """Return one of the answers for a person to read."""
    if "layout" in said:
        return str(said["layout"])
    if "note" in said:
        return str(said["note"])
    if "unused_columns" in said:
        return f"columns that no field uses: {', '.join(said['unused_columns'])}"
    if "reason" in said:
        return f"row {said['row']} is set aside: {said['reason']}"
    head = f"row {said['row']}: {said['kind']} {said['key']}"
    if part := said.get("part"):
        head += f", its part {part['table']} {part['row']},"
    if said["after"] is None:
        return f"{head} is deleted"
    fields = [
        f"    {name}: {value if isinstance(value, str) else _plain(value)}"
        for name, value in said["after"].items()
        if value not in ([], {})
    ]
    return "\n".join([head, *fields])


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
