"""Rows of a file, by a column mapping, as records the model can read."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from matching.errors import MatchingError
from matching.features.dates import Order, date_key, year_key
from matching.features.normalise import Features, normalise
from schemas.source_record import Address, CustomerRecord

ADDRESS = ("street_number", "street", "postal_code", "city", "region", "country")
SINGLE = (
    "given_name", "family_name", "birth_name", "full_name", "title", "gender",
    "national_id",
)  # fmt: skip
SEVERAL = {"email": "emails", "phone": "phones", "card": "cards"}
CANONICAL = (*SINGLE, "birth_date", *SEVERAL, *ADDRESS)

_SEPARATOR = re.compile(r"\s*[;|]\s*")


class UnreadableRows(MatchingError):
    """A file or a mapping that gives no records; the text says which and why."""


class LabelledRow(NamedTuple):
    """A record's features before freezing, and the answer known of it, if any."""

    features: Features
    truth: str | None


def read_rows(
    files: Sequence[Path],
    columns: Mapping[str, str],
    *,
    truth: str | None = None,
    dates: Order = "YMD",
) -> list[LabelledRow]:
    """Return the rows of the files, one after the other; raises UnreadableRows."""
    if unknown := set(columns) - set(CANONICAL):
        raise UnreadableRows(
            f"unknown field {', '.join(sorted(unknown))}; fields are: "
            + " ".join(CANONICAL)
        )
    wanted = [*columns.values(), *([truth] if truth else [])]
    rows = []
    for file in files:
        for row in _file(file, wanted):
            values = {field: row[column] for field, column in columns.items()}
            answer = row[truth] if truth else None
            rows.append(LabelledRow(_features(values, dates), answer))
    return rows


def _features(values: Mapping[str, str | None], dates: Order) -> Features:
    given = {field: value for field, value in values.items() if value}
    record = CustomerRecord(
        **{f: given[f] for f in SINGLE if f in given},
        **{
            name: _SEPARATOR.split(given[f])
            for f, name in SEVERAL.items()
            if f in given
        },
        addresses=[Address(**{f: given[f] for f in ADDRESS if f in given})],
    )
    # A date no calendar holds still tells two people apart, so it stays text.
    born = given.get("birth_date", "")
    return normalise(
        record, birth_date=date_key(born, dates), birth_year=year_key(born)
    )


def _file(file: Path, wanted: Sequence[str]) -> Iterator[dict[str, str | None]]:
    try:
        rows, held = _parquet(file) if file.suffix == ".parquet" else _csv(file)
    except (OSError, ValueError, StopIteration) as error:
        raise UnreadableRows(f"{file}: {error}") from error
    if missing := [column for column in wanted if column not in held]:
        raise UnreadableRows(
            f"{file} has no column {', '.join(missing)}; it has: {' '.join(held)}"
        )
    for row in rows:
        yield {column: _text(row[column]) for column in wanted}


def _parquet(file: Path) -> tuple[Iterator[dict[str, Any]], Sequence[str]]:
    table = pq.read_table(file)
    return iter(table.to_pylist()), table.column_names


def _csv(file: Path) -> tuple[Iterator[dict[str, Any]], Sequence[str]]:
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        return iter(list(reader)), reader.fieldnames or []


def _text(value: Any) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None
