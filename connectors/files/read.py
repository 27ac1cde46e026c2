"""The rows of a CSV, JSON lines or Parquet file, numbered from 1."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from connectors.contract import StopSource
from connectors.files import csv_rows
from connectors.files.csv_rows import Numbered
from connectors.files.encoding import detected, opened
from connectors.mapping.mapping_file import FOUND_OUT, Layout

_CUT = 65_536
FORMATS = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet")

# One cell of an export may well hold a letter to the customer.
csv.field_size_limit(16 * 1024 * 1024)


def rows(path: Path, layout: Layout = FOUND_OUT) -> Iterator[Numbered]:
    """Yield the rows; raise StopSource if the file cannot be read at all.

    The layout is for CSV files; what it does not say is found out.
    """
    name = path.name.lower()
    try:
        if name.endswith(".parquet"):
            yield from _parquet(path)
        elif name.endswith((".jsonl", ".jsonl.gz")):
            with opened(path) as file:
                yield from _json_lines(file)
        elif name.endswith((".csv", ".csv.gz")):
            yield from _csv(path, layout)
        else:
            raise StopSource(
                f"{path} is none of {', '.join(FORMATS)}.",
                remedy="Convert or rename it.",
            )
    except FileNotFoundError:
        raise StopSource(
            f"There is no file {path}.", remedy="Correct the name."
        ) from None
    except (OSError, EOFError, csv.Error) as error:
        raise StopSource(
            f"{path} cannot be read to its end ({type(error).__name__}).",
            remedy="It may be cut short: fetch it again; the load then goes on.",
        ) from error


def layout_of(path: Path, given: Layout = FOUND_OUT) -> Layout:
    """Return the encoding and the delimiter with which a CSV file is read.

    What is not given is found out. Raise StopSource if it cannot be.
    """
    encoding = given.encoding or detected(path)
    if given.delimiter:
        return Layout(encoding, given.delimiter)
    with _text(path, encoding) as text:
        return Layout(encoding, csv_rows.delimiter_of(text, name=str(path)))


def _csv(path: Path, layout: Layout) -> Iterator[Numbered]:
    encoding = layout.encoding or detected(path)
    with _text(path, encoding) as text:
        yield from csv_rows.read(
            text, name=str(path), encoding=encoding, delimiter=layout.delimiter
        )


def _text(path: Path, encoding: str) -> io.TextIOWrapper:
    one_byte = not encoding.lower().startswith(("utf-16", "utf_16", "utf-32", "utf_32"))
    errors = "surrogateescape" if one_byte else "replace"
    return io.TextIOWrapper(opened(path), encoding=encoding, errors=errors, newline="")


def _json_lines(file: BinaryIO) -> Iterator[Numbered]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            payload = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            payload = None
        if isinstance(payload, dict):
            yield Numbered(number, payload)
        else:
            text = line.decode("utf-8", "replace")[:_CUT]
            yield Numbered(number, {"line": text}, "is no JSON object")


def _parquet(path: Path) -> Iterator[Numbered]:
    import pyarrow
    import pyarrow.parquet

    try:
        number = 0
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=2_000):
                for payload in batch.to_pylist():
                    number += 1
                    yield Numbered(number, {k: _json(v) for k, v in payload.items()})
    except pyarrow.ArrowInvalid as error:
        raise StopSource(
            f"{path} is no whole Parquet file.", remedy="Fetch it again."
        ) from error


def _json(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _json(inner) for name, inner in value.items()}
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
