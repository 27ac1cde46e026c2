"""Debezium's engine as batches of rows: snapshot, then changes, without a gap."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import JsonValue

from connectors.contract import Batch, Note, Offset, Payload, Row, StopSource, Table
from connectors.debezium.engine import Engine, Record, Records
from connectors.debezium.envelope import Change, NoEnvelope, change
from connectors.debezium.schema_watch import ReadAgain, SchemaWatch


class Dialect(Protocol):
    """What differs between the databases."""

    def table(self, source: dict[str, Any]) -> str:
        """Return the name of a table as the mapping file has it."""

    def since(
        self, stored: int | None, found: list[Change], read: Records
    ) -> int | None:
        """Return the number of the snapshot that all that follows comes after."""

    def position(self, source: dict[str, Any]) -> tuple[int, ...]:
        """Return the place in the log, without the number of the snapshot."""

    def start(self) -> tuple[int, ...]:
        """Return the place of what a snapshot reads: before all others."""

    def payload(self, found: Change, table: str) -> Payload | None:
        """Return the row as it is now, None for a delete."""

    def before(self, found: Change, table: str) -> Payload | None:
        """Return what is true of the row before an update or a delete."""

    def recreated(self, record: Record) -> str | None:
        """Return the table that a word on schemas says was made anew."""


@dataclass(slots=True)
class Following:
    """One run of the engine, from an offset or from a snapshot."""

    engine: Engine
    dialect: Dialect
    watch: SchemaWatch
    since: int | None
    snapshot: bool
    total: int | None = None
    """Rows that the server guesses the snapshot to have."""
    _connected: bool = False

    def batches(self) -> Iterator[Batch]:
        """Yield batches; raise ReadAgain for what only a snapshot can show."""
        # Before the engine starts: what changed while nobody looked.
        if notes := self.watch.notes(()):
            yield Batch(snapshot=self.snapshot, notes=notes, connected=False)
        for read in self.engine.batches():
            # a row or a heartbeat: the engine reads; before, it only starts
            self._connected |= read.offset is not None
            changes, broken = self._changes(read)
            was_snapshot = self.snapshot
            self.since = self.dialect.since(self.since, changes, read)
            if read.offset is not None and self.snapshot:
                self.snapshot = not is_complete({"engine": read.offset})
            rows = [self._row(one) for one in changes]
            notes = self.watch.notes(_columns(rows))
            if broken is not None:
                # What came before it is told; the offset stays before both.
                yield Batch(rows=rows, notes=notes)
                raise broken
            yield self._batch(rows, read, notes, was_snapshot)

    def _batch(
        self, rows: list[Row], read: Records, notes: Sequence[Note], was_snapshot: bool
    ) -> Batch:
        offset: dict[str, JsonValue] | None = None
        if read.offset is not None and self.since is not None:
            offset = {
                "engine": read.offset,
                "snapshot": self.since,
                "shapes": self.watch.stored(),
            }
        return Batch(
            rows=rows,
            offset=offset,
            snapshot=self.snapshot,
            total=self.total if self.snapshot else None,
            whole=was_snapshot and not self.snapshot,
            read_at=None if self.since is None else (self.since, *self.dialect.start()),
            notes=notes,
            connected=self._connected,
        )

    def _changes(self, read: Records) -> tuple[list[Change], ReadAgain | None]:
        """Return the changes up to the first that a snapshot must mend, and that."""
        found: list[Change] = []
        for record in read.records:
            made_anew = self.dialect.recreated(record)
            if made_anew is not None and not self.snapshot:
                return found, _read_again(made_anew, "dropped or created anew")
            try:
                one = change(record.key, record.value)
            except NoEnvelope as problem:
                raise StopSource(
                    f"Debezium gave a row that cannot be read: {problem}.",
                    remedy="Give the table a primary key.",
                ) from None
            if one is None:
                continue
            if one.is_truncation:
                name = self.dialect.table(one.source)
                return found, _read_again(name, "emptied at once (TRUNCATE)")
            found.append(one)
        return found, None

    def _row(self, one: Change) -> Row:
        table = self.dialect.table(one.source)
        place = (
            self.dialect.start()
            if one.in_snapshot
            else self.dialect.position(one.source)
        )
        payload = self.dialect.payload(one, table)
        return one.row(
            table,
            position=(self.since or 0, *place),
            payload=payload and self.watch.with_local_times(table, payload),
            before=self.dialect.before(one, table),
        )


def expected_rows(tables: Iterable[Table], captured: Collection[str]) -> int | None:
    """Return how many rows the captured tables have, as the server guesses; None if it
    knows nothing of one of them."""
    rows = [table.rows for table in tables if table.name in captured]
    known = [guess for guess in rows if guess is not None]
    return sum(known) if known and len(known) == len(captured) else None


def is_complete(offset: Offset) -> bool:
    """Return whether the snapshot before an offset ended."""
    engine: Any = offset.get("engine")
    if not isinstance(engine, dict):
        return False
    return "snapshot" not in engine or engine.get("snapshot_completed") is True


def _columns(rows: list[Row]) -> set[tuple[str, frozenset[str]]]:
    return {(row.table, frozenset(row.payload)) for row in rows if row.op != "d"}


def _read_again(table: str, what: str) -> ReadAgain:
    return ReadAgain(
        f"Table {table} was {what}.",
        remedy="It is read again; what is gone from it is deleted by the sweep.",
    )
