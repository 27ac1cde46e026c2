"""A file as a source: it is read once, and goes on where it stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from connectors.contract import Batch, Config, Offset, Row, StopSource, Table
from connectors.files.csv_rows import Numbered
from connectors.files.read import rows
from connectors.mapping.mapping_file import FOUND_OUT, Layout
from schemas.change_event import Op


class FileConfig(Config):
    """Which file, and which table of the mapping its rows are."""

    kind: Literal["file"] = "file"
    path: Path
    table: str
    batch_size: int = 1_000


class FileConnector:
    """The rows of one file. The position is (0, time of the file's last change, row
    number): a newer file wins, and within a file the later row.

    Nobody knows how old what a file says is, so every change that was captured when
    it happened is newer, as it is than what is loaded at once: an export of before a
    deletion brings nobody back.
    """

    name = "file"

    def __init__(self, config: FileConfig, layout: Layout = FOUND_OUT) -> None:
        self._config = config
        self._layout = layout

    @property
    def digest(self) -> str:
        """The SHA-256 of the content: the same file under another name is known."""
        try:
            with self._config.path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise StopSource(
                f"{self._config.path} cannot be read ({type(error).__name__}).",
                remedy="Correct the name, or its permissions.",
            ) from None

    def check(self) -> None:
        """Read the first row."""
        self.discover()

    def start_from(self, offset: Offset | None) -> Offset | None:
        """Return the row number to go on after."""
        return offset

    def remove(self) -> list[str]:
        """Let go of nothing: the source keeps nothing for us."""
        return []

    def discover(self) -> list[Table]:
        """Return the file as one table, with its columns."""
        first = next(rows(self._config.path, self._layout), Numbered(0, {}))
        return [Table(self._config.table, tuple(first.payload))]

    def snapshot(self) -> Iterator[Batch]:
        """Read the file from its first row."""
        return self._from(0)

    def changes(self, after: Offset) -> Iterator[Batch]:
        """Read on after a row number, to the end."""
        number: Any = after["row"]
        return self._from(number)

    def _from(self, last: int) -> Iterator[Batch]:
        changed = self._config.path.stat().st_mtime_ns // 1_000
        found = rows(self._config.path, self._layout)
        read = (one for one in found if one.number > last)
        while chunk := list(islice(read, self._config.batch_size)):
            yield Batch(
                [self._row(one, changed) for one in chunk],
                {"row": chunk[-1].number},
                snapshot=True,
            )

    def _row(self, one: Numbered, changed: int) -> Row:
        return Row(
            table=self._config.table,
            op=Op.READ,
            payload=one.payload,
            position=(0, changed, one.number),
            snapshot=True,
            problem=one.problem,
        )
