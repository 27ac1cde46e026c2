"""The rows of a CSV, JSON lines or Parquet file, numbered from 1."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from connectors.contract import Payload, StopSource

_CUT = 65_536
FORMATS = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet")

# One cell of an export may well hold a letter to the customer.
csv.field_size_limit(16 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A row and its number, or why the file gives no row there."""

    number: int
    payload: Payload
    problem: str | None = None


def rows(path: Path) -> Iterator[Numbered]:
    """Yield the rows; raise StopSource if the file cannot be read at all."""
    name = path.name.lower()
    try:
        if name.endswith(".parquet"):
            yield from _parquet(path)
        elif name.endswith((".jsonl", ".jsonl.gz")):
            with opened(path) as file:
                yield from _json_lines(file)
        elif name.endswith((".csv", ".csv.gz")):
            with _text(path) as text:
                yield from _csv(text, path)
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


def opened(path: Path) -> BinaryIO:
    """Return the file's bytes, unpacked if it is packed."""
    if path.name.lower().endswith(".gz"):
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


def _text(path: Path) -> io.TextIOWrapper:
    return io.TextIOWrapper(opened(path), encoding=_encoding(path), newline="")


def _encoding(path: Path) -> str:
    # Office programs still write cp1252; its bytes are hardly ever valid UTF-8.
    with opened(path) as file:
        while block := file.read(_CUT):
            block += file.readline()  # never end within a character
            try:
                block.decode("utf-8")
            except UnicodeDecodeError:
                return "cp1252"
    return "utf-8-sig"


def _csv(text: io.TextIOWrapper, path: Path) -> Iterator[Numbered]:
    head = text.readline()
    delimiter = max(",;\t|", key=head.count)
    names = next(csv.reader([head], delimiter=delimiter), [])
    names = [name.strip() for name in names]
    if not any(names) or len(set(names)) != len(names):
        raise StopSource(
            f"The first line of {path} is no list of distinct column names.",
            remedy="Give it a header line.",
        )
    for number, values in enumerate(csv.reader(text, delimiter=delimiter), start=1):
        if not values:
            continue
        problem = None
        if len(values) != len(names):
            problem = f"has {len(values)} cells, the header has {len(names)}"
        yield Numbered(number, dict(zip(names, values, strict=False)), problem)


def _json_lines(file: BinaryIO) -> Iterator[Numbered]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            payload = json.loads(line.decode("utf-8-sig"))
        except ValueError:
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
