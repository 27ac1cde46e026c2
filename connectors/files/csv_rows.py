"""The rows of a CSV file: one bad row never spoils another, none goes without a word.

A quote that is never closed, cells too many or too few and bytes of another encoding
set aside the row that holds them; reading goes on with the next line.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, TextIO

from connectors.contract import Payload, StopSource

DELIMITERS = ",;\t|"
_MOST_LINES = 1_000
_MOST_CHARACTERS = 1 << 20
"""How far a cell that is opened by a quote is followed: a letter to a customer fits."""

_LONGEST_PROBLEM_LINE = 65_536
_NOT_DECODED = re.compile("[\udc80-\udcff]")
_UNCLOSED = "has a quote that is never closed (a quote within a cell is written twice)"


class Numbered(NamedTuple):
    """A row by its number, from 1, or why the file gives no row there."""

    number: int
    payload: Payload
    problem: str | None = None


def read(
    text: TextIO, *, name: str, encoding: str, delimiter: str | None
) -> Iterator[Numbered]:
    """Yield the rows of a text that was decoded with `surrogateescape`.

    Without a delimiter, the one that makes the most of the header is taken. Raise
    StopSource if the first record is no header.
    """
    lines = _Lines(text)
    header = _Header.of(lines, name, delimiter)
    names, mark = header.names, header.delimiter
    plain = header.width if "" not in names else -1
    for number, line in enumerate(lines, start=1):
        if '"' not in line and (line.isascii() or not _NOT_DECODED.search(line)):
            cells = line.rstrip("\r\n").split(mark)
            if len(cells) == plain == len(names):  # as nearly all are
                yield Numbered(number, dict(zip(names, cells, strict=True)))
                continue
        record = _record(line, lines, header)
        if record is None:
            repaired = _decoded(line, encoding)[:_LONGEST_PROBLEM_LINE]
            yield Numbered(number, {"line": repaired}, _UNCLOSED)
        elif record != [""] and record:
            yield header.row(number, record, encoding)


def delimiter_of(text: TextIO, *, name: str) -> str:
    """Return the delimiter that makes the most of the header."""
    return _Header.of(_Lines(text), name, None).delimiter


class _Lines:
    """Physical lines, of which those looked at ahead can be put back."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._waiting: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        waiting, text = self._waiting, self._text
        while line := waiting.popleft() if waiting else text.readline():
            yield line

    def next(self) -> str:
        """Return the next line with its end, nothing at the end of the file."""
        return self._waiting.popleft() if self._waiting else self._text.readline()

    def put_back(self, lines: list[str]) -> None:
        """Let these lines come again."""
        self._waiting.extendleft(reversed(lines))


class _Header(NamedTuple):
    names: list[str]
    delimiter: str
    width: int
    """How many cells the header has, those without a name at its end too."""

    @classmethod
    def of(cls, lines: _Lines, name: str, delimiter: str | None) -> _Header:
        """Read the header record; raise StopSource if it is none."""
        first = lines.next()
        found: list[_Header] = []
        for candidate in delimiter or DELIMITERS:
            taken = _Ahead(lines)
            cells = _record(first, taken, _Header([], candidate, -1))
            width = len(cells) if cells is not None else 0
            names = [cell.strip().lstrip("\ufeff") for cell in cells or ()]
            while names and not names[-1]:
                names.pop()
            found.append(_Header(names, candidate, width))
            taken.put_back_all()
        best = max(found, key=lambda one: len(one.names))
        named = [one for one in best.names if one]
        if not named or len(set(named)) != len(named):
            raise StopSource(
                f"The first line of {name} is no list of distinct column names.",
                remedy="Give it a header line.",
            )
        _record(first, lines, best._replace(width=-1))
        return best

    def row(self, number: int, cells: list[str], encoding: str) -> Numbered:
        """Return the row of these cells, with what is wrong with it."""
        problem = None
        if not all(map(str.isascii, cells)) and any(map(_NOT_DECODED.search, cells)):
            problem = f"has bytes that are no {encoding.removesuffix('-sig')}"
            cells = [_decoded(cell, encoding) for cell in cells]
        if len(cells) != self.width and (
            len(cells) < len(self.names) or any(map(str.strip, cells[self.width :]))
        ):
            problem = f"has {len(cells)} cells, the header has {self.width}"
        named = dict(zip(self.names, cells, strict=False))
        if "" in named or len(cells) > len(self.names):
            nameless = [
                cell
                for place, cell in enumerate(cells[: self.width])
                if place >= len(self.names) or not self.names[place]
            ]
            if problem is None and any(map(str.strip, nameless)):
                problem = "has a value in a column without a name"
            named.pop("", None)
        return Numbered(number, named, problem)


class _Ahead(_Lines):
    """Lines taken on trial: all of them can be put back."""

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines
        self._taken: list[str] = []

    def next(self) -> str:
        line = self._lines.next()
        if line:
            self._taken.append(line)
        return line

    def put_back(self, lines: list[str]) -> None:
        """Let these lines, the last that were taken, come again."""
        if lines:
            del self._taken[-len(lines) :]
        self._lines.put_back(lines)

    def put_back_all(self) -> None:
        """Let every line that is still taken come again."""
        self.put_back(list(self._taken))


def _record(line: str, lines: _Lines, header: _Header) -> list[str] | None:
    """Return the cells of the record that begins with a line; None if it is broken."""
    if '"' not in line:
        return line.rstrip("\r\n").split(header.delimiter)
    cells = _strict(line, header.delimiter)
    if '\\"' in line and (cells is None or len(cells) != header.width):
        # as programs write it that know of no doubled quotes
        escaped = _strict(line, header.delimiter, escape=True)
        if escaped is not None and header.width in (-1, len(escaped)):
            return escaped
    return cells if cells is not None else _longer(line, lines, header)


def _strict(line: str, delimiter: str, *, escape: bool = False) -> list[str] | None:
    """Return the cells of one line, or None if it is not whole or not well-formed."""
    try:
        return next(csv.reader((line,), _dialect(delimiter, escape=escape)))
    except (csv.Error, StopIteration):
        return None


@lru_cache
def _dialect(char: str, *, escape: bool) -> type[csv.Dialect]:
    class Strict(csv.excel):
        delimiter = char
        strict = True
        doublequote = not escape
        escapechar = "\\" if escape else None

    return Strict


def _longer(line: str, lines: _Lines, header: _Header) -> list[str] | None:
    """Return the cells of a record that is sloppy, or that goes on over more lines."""
    cells, _ = _scanned(line, header.delimiter)
    if cells is not None:
        return cells
    taken: list[str] = []
    size = 0
    while len(taken) < _MOST_LINES and size < _MOST_CHARACTERS:
        more = lines.next()
        if not more:
            break
        taken.append(more)
        size += len(more)
        if '"' not in more:
            continue
        cells, is_sloppy = _scanned("".join((line, *taken)), header.delimiter)
        if cells is None:
            continue
        if is_sloppy or header.width not in (-1, len(cells)):
            break
        return cells
    lines.put_back(taken)
    return None


def _scanned(text: str, delimiter: str) -> tuple[list[str] | None, bool]:
    """Return the cells, and whether one goes on after its quotes; None if one is open.

    What follows a closing quote up to the delimiter belongs to the cell.
    """
    cells: list[str] = []
    is_sloppy, place = False, 0
    cell = _cell(delimiter)
    while True:
        found = cell.match(text, place)
        if found is None:
            return None, is_sloppy
        quoted, rest, plain, end = found.groups()
        if quoted is None:
            cells.append(plain)
        else:
            is_sloppy = is_sloppy or bool(rest.strip())
            cells.append(quoted.replace('""', '"') + rest)
        if end != delimiter:
            return cells, is_sloppy
        place = found.end()


@lru_cache
def _cell(delimiter: str) -> re.Pattern[str]:
    d = re.escape(delimiter)
    quoted = rf'"([^"]*+(?:""[^"]*+)*+)"([^{d}\r\n]*)'
    plain = rf'((?!")[^{d}\r\n]*)'
    return re.compile(rf"(?:{quoted}|{plain})({d}|\r\n?|\n|\Z)")


def _decoded(text: str, encoding: str) -> str:
    """Return the text with U+FFFD for what could not be decoded."""
    raw = text.encode(encoding.removesuffix("-sig"), "surrogateescape")
    return raw.decode(encoding.removesuffix("-sig"), "replace")
