"""Where the shop and the desk keep their rows: one SQLite file each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

_TABLE = """
CREATE TABLE IF NOT EXISTS row (
    resource TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL UNIQUE,
    version INTEGER NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (resource, id)
);
CREATE INDEX IF NOT EXISTS row_updated ON row (resource, updated_at, id);
CREATE INDEX IF NOT EXISTS row_seq ON row (resource, seq);
"""
_SELECT = "SELECT seq, version, updated_at, body FROM row WHERE resource = ? "
Place = tuple[str, str]


def stamp(at: datetime) -> str:
    """Return a time to the microsecond in UTC; the text sorts as the time does."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Shelf:
    """Rows with a sequence, a version and the time of their last write.

    Writes pass one lock, so a reader never finds a row that an earlier page should
    have shown: sequence and time grow in the order in which rows become visible.
    """

    def __init__(self, file: Path) -> None:
        self._lock = Lock()
        self._rows = sqlite3.connect(file, check_same_thread=False)
        self._rows.execute("PRAGMA journal_mode = WAL")
        self._rows.execute("PRAGMA synchronous = NORMAL")
        self._rows.executescript(_TABLE)
        last = self._rows.execute("SELECT max(seq), max(updated_at) FROM row")
        seq, updated_at = last.fetchone()
        self._seq: int = seq or 0
        self._at = datetime.fromisoformat(updated_at or "1970-01-01T00:00:00Z")

    def close(self) -> None:
        """Close the file."""
        self._rows.close()

    def put(self, resource: str, bodies: Sequence[Mapping[str, Any]]) -> None:
        """Write whole rows by their `id`, in this order."""
        with self._lock, self._rows:
            for body in bodies:
                self._put(resource, body)

    def updated(
        self, resource: str, *, since: str, after_id: str, limit: int
    ) -> list[dict[str, Any]]:
        """Return rows written after (since, after_id), the earliest first."""
        after = "AND (updated_at, id) > (?, ?) ORDER BY updated_at, id LIMIT ?"
        return self._select(_SELECT + after, (resource, since, after_id, limit))

    def exported(
        self, resource: str, *, since_seq: int, limit: int
    ) -> list[dict[str, Any]]:
        """Return rows whose sequence is after `since_seq`, the earliest first."""
        after = "AND seq > ? ORDER BY seq LIMIT ?"
        return self._select(_SELECT + after, (resource, since_seq, limit))

    def _put(self, resource: str, body: Mapping[str, Any]) -> None:
        self._seq += 1
        self._at = max(datetime.now(UTC), self._at + timedelta(microseconds=1))
        self._rows.execute(
            "INSERT INTO row VALUES (?, ?, ?, 1, ?, ?) ON CONFLICT (resource, id)"
            " DO UPDATE SET seq = excluded.seq, version = version + 1,"
            " updated_at = excluded.updated_at, body = excluded.body",
            (resource, str(body["id"]), self._seq, stamp(self._at), json.dumps(body)),
        )

    def _select(self, query: str, values: Sequence[Any]) -> list[dict[str, Any]]:
        with self._lock:
            rows = self._rows.execute(query, values).fetchall()
        return [
            {
                **json.loads(body),
                "seq": seq,
                "version": version,
                "updated_at": updated_at,
            }
            for seq, version, updated_at, body in rows
        ]
