"""The rows that a load set aside, beside the file they came from."""

from __future__ import annotations

from pathlib import Path

import orjson

from service.bulk_load.source import Source
from service.database.batches import bulk_loads
from service.database.connection.session import Connection


def write_rejects(connection: Connection, source: Source) -> Path | None:
    """Write number and reason of each such row; return the file, None for none.

    It holds no values: a person mends the row in the source, and loads again.
    """
    begun = bulk_loads.begin(connection, system=source.system, digest=source.digest)
    rows = bulk_loads.rejects(connection, begun.load_id)
    if not rows:
        return None
    path = source.file.with_name(source.file.name + ".rejects.jsonl")
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path
