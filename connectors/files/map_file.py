"""A file as lines of JSON, a canonical record each: what a bulk load reads.

A line is `{"row", "id", "after", "raw"}` (`after` is null for a row that says its
record is gone) or `{"row", "reason"}` for a row that is set aside.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import orjson
from pydantic import ValidationError

from connectors.contract import Row, StopSource
from connectors.files.csv_rows import Numbered
from connectors.files.encoding import opened
from connectors.files.read import layout_of, rows
from connectors.mapping.errors import Unreadable
from connectors.mapping.expressions import CannotMap, From
from connectors.mapping.mapping_file import Target
from connectors.mapping.plain_values import is_true
from connectors.mapping.raw_rows import secrets_in
from connectors.mapping.rows_to_events import Mapping, Reject
from schemas import wire
from schemas.change_event import CustomerChange, Op, RecordKind
from schemas.source_record import CustomerRecord

_PLAIN_RAW = 60_000
"""Bytes up to which a raw row of plain values needs no closer look."""
_BLOCK = 1 << 20
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Checked(NamedTuple):
    """A file that can be loaded: its rows, how it is read, what of it is deletions."""

    rows: int
    """About: its lines, or those of a Parquet file."""
    layout: str
    deletions: int


def deletes_most(rows: int, deletions: int) -> bool:
    """Return whether more than half of the rows say that their record is gone."""
    return 2 * deletions > rows


def check(path: Path, mapping: Mapping, table: str) -> Checked:
    """Raise StopSource if the file cannot be loaded as this table of the mapping.

    It is read to its end, so that one cut short is told before anything is written.
    """
    target = _customers(mapping, table, path)
    _refuse_utf_16(path, mapping)
    first = next(rows(path, mapping.layout), None)
    if first is None:
        raise StopSource(f"{path} holds no rows.", remedy="Was its export cut off?")
    column = _key_column(target)
    if column is not None and first.problem is None and column not in first.payload:
        held = ", ".join(first.payload)
        raise StopSource(
            f"{path} has no column {column!r}, which the mapping takes for the id; "
            f"it has: {held[:500]}.",
            remedy="Correct `id` in the mapping, or the file.",
        )
    lines = _read_to_its_end(path)
    if target.deleted is None:
        return Checked(lines, told_layout(path, mapping), 0)
    read, deletions = deletions_in(path, mapping, table)
    return Checked(read, told_layout(path, mapping), deletions)


def deletions_in(path: Path, mapping: Mapping, table: str) -> tuple[int, int]:
    """Return how many rows the file has, and how many say their record is gone."""
    flags = [one.deleted for one in mapping.tables[table] if one.deleted is not None]
    read = deletions = 0
    for one in rows(path, mapping.layout) if flags else ():
        read += 1
        with suppress(CannotMap, Unreadable):
            deletions += any(is_true(flag.value(one.payload)) for flag in flags)
    return read, deletions


def told_layout(path: Path, mapping: Mapping) -> str:
    """Return in one line how the file's text is read; nothing for other formats."""
    if not path.name.lower().endswith((".csv", ".csv.gz")):
        return ""
    layout = layout_of(path, mapping.layout)
    delimiter = {"\t": "tabulator"}.get(str(layout.delimiter), layout.delimiter)
    encoding = str(layout.encoding).removesuffix("-sig")
    return f"{path.name} is read as {encoding}, with the delimiter {delimiter}"


class Parts:
    """Which runs of `size` rows to read: every `of`-th from `first`, but not `done`."""

    def __init__(self, size: int, first: int, of: int, done: frozenset[int]) -> None:
        self._size, self._first, self._of, self._done = size, first, of, done

    def hold(self, row: int) -> bool:
        """Say whether a row, numbered from 1, is in one of them."""
        part = (row - 1) // self._size
        return part % self._of == self._first and part not in self._done


def lines(path: Path, mapping: Mapping, table: str, parts: Parts) -> Iterator[bytes]:
    """Yield the line of every row of these parts."""
    target = _customers(mapping, table, path)
    for one in rows(path, mapping.layout):
        if parts.hold(one.number) and (line := _line(one, mapping, table, target)):
            yield line


def numbers(text: str) -> frozenset[int]:
    """Return the numbers written as `0-57,60`."""
    found: set[int] = set()
    for run in filter(None, text.split(",")):
        first, _, last = run.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _customers(mapping: Mapping, table: str, path: Path) -> Target:
    targets = mapping.tables[table]
    if any(one.part_id for found in mapping.tables.values() for one in found):
        raise StopSource(
            "The mapping puts customers together from several tables, and a bulk load "
            "takes one.",
            remedy="Load each table through Kafka: `couture load --stream`.",
        )
    if len(targets) != 1 or targets[0].kind is not RecordKind.CUSTOMER:
        raise StopSource(
            f"Table {table!r} of the mapping is not of customers alone, and a bulk "
            "load takes only these.",
            remedy="Load it through Kafka: `couture load --stream`.",
        )
    return targets[0]


def _key_column(target: Target) -> str | None:
    id_ = target.id
    plain = isinstance(id_, From) and isinstance(id_.path, str)
    return str(id_.path) if plain and isinstance(id_, From) else None


def _read_to_its_end(path: Path) -> int:
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet

        return int(pyarrow.parquet.read_metadata(path).num_rows)
    ends = 0
    try:
        with opened(path) as file:
            while block := file.read(_BLOCK):
                ends += block.count(b"\n")
    except (OSError, EOFError) as error:
        raise StopSource(
            f"{path} cannot be read to its end ({type(error).__name__}).",
            remedy="It may be cut short: fetch it again.",
        ) from error
    return ends


def _refuse_utf_16(path: Path, mapping: Mapping) -> None:
    if mapping.layout.encoding:
        return
    with suppress(OSError, EOFError), opened(path) as file:
        if file.read(2) in _UTF_16:
            raise StopSource(
                f"{path} is written in UTF-16.",
                remedy="Save it as UTF-8, or write `encoding: utf-16` in its mapping.",
            )


def _line(one: Numbered, mapping: Mapping, table: str, target: Target) -> bytes | None:
    raw = _plain_raw(one, target)
    if raw is None or target.when is not None or target.deleted is not None:
        return _by_event(one, mapping, table)
    try:
        values = target.record.value(one.payload) or {}
        record = CustomerRecord.model_validate(values)
        key = mapping.key(one.payload, target)
    except (CannotMap, ValidationError, ValueError):
        return _by_event(one, mapping, table)  # which finds the reason's words
    after = record.model_dump_json(exclude_defaults=True, exclude_none=True).encode()
    return b'{"row":%d,"id":%s,"after":%s,"raw":%s}\n' % (
        one.number,
        orjson.dumps(key.id),
        after,
        raw,
    )


def _plain_raw(one: Numbered, target: Target) -> bytes | None:
    """Return the raw row as JSON if a glance says that it can be stored."""
    payload = one.payload
    if one.problem is not None or target.drop & payload.keys():
        return None
    if secrets_in(payload, but=target.wanted):
        return None
    if not all(map(_is_plain, payload.values())):
        return None
    try:
        raw = orjson.dumps(payload)
    except (TypeError, ValueError):
        return None
    return None if len(raw) > _PLAIN_RAW or b"\\u0000" in raw else raw


def _is_plain(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (str, bool))


def _by_event(one: Numbered, mapping: Mapping, table: str) -> bytes | None:
    """Return the line as the stream would read the row, whatever is in it."""
    row = Row(table, Op.READ, one.payload, (1, one.number), None, True, one.problem)
    for outcome in mapping.events(row):
        if isinstance(outcome, Reject):
            return _json(row=one.number, reason=outcome.reason)
        assert isinstance(outcome, CustomerChange)
        if len(wire.encode(outcome)[1]) > wire.LARGEST_MESSAGE:
            return _json(row=one.number, reason="customer.message: too large")
        said = outcome.model_dump(mode="json", include={"after", "raw"})
        if outcome.after is not None:
            said["after"] = outcome.after.model_dump(
                mode="json", exclude_defaults=True, exclude_none=True
            )
        return _json(row=one.number, id=outcome.key.id, **said)
    return None


def _json(**values: object) -> bytes:
    return json.dumps(values).encode() + b"\n"
