"""The file to load: checked, then read as canonical records in parts.

A connector process reads and maps it: the service imports no connector.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from service.errors import Misconfigured
from service.runtime.parent_death import die_with_parent
from service.runtime.processes import our_program

PART_ROWS = 5_000


@dataclass(frozen=True)
class Source:
    """A file that can be loaded as a system, its digest and about how many rows.

    So many `part_rows` are stored and committed together.
    """

    file: Path
    system: str
    mapping: Path | None
    digest: str
    rows: int
    part_rows: int
    layout: str = ""
    """In one line, how its text is read."""
    deletions: int = 0
    deletes_most: bool = False


class Part(NamedTuple):
    """The rows of one run: those that can be stored, and why others cannot."""

    number: int
    rows: list[dict[str, Any]]
    rejects: list[dict[str, Any]]


def checked(
    file: Path, *, system: str, mapping: Path | None, part_rows: int = PART_ROWS
) -> Source:
    """Return the source; raise Misconfigured, with the remedy, if it cannot be loaded.

    The digest is of file, mapping and size of parts, so that a file is known again,
    and mapped anew by a mapping that changed.
    """
    with _mapping_process(file, system, mapping, ()) as child:
        assert child.stdout is not None
        answer = child.stdout.read()
    told = _told(answer, file)
    text = f"{told['file']}\n{part_rows}\n{told['mapping']}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Source(
        file,
        system,
        mapping,
        digest,
        int(told["rows"]),
        part_rows,
        layout=told["layout"],
        deletions=told["deletions"],
        deletes_most=told["deletes_most"],
    )


def parts(
    source: Source, *, first: int, of: int, done: frozenset[int]
) -> Iterator[Part]:
    """Yield every `of`-th part from the first on, without those done.

    Raises Misconfigured if the file cannot be read to its end.
    """
    options = ("--size", str(source.part_rows), "--part", f"{first}/{of}", "--done")
    wanted = (*options, written(done))
    with _mapping_process(source.file, source.system, source.mapping, wanted) as child:
        assert child.stdout is not None
        try:
            yield from _in_parts(child.stdout, source)
        finally:
            child.kill()


def written(numbers: Iterable[int]) -> str:
    """Return numbers as runs: `0-57,60`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(f"{first}-{last}" for first, last in runs)


def _in_parts(lines: Iterable[bytes], source: Source) -> Iterator[Part]:
    part: Part | None = None
    for line in lines:
        said = orjson.loads(line)
        if "row" not in said:
            if "end" in said:
                if part:
                    yield part
                return
            _told(line, source.file)
        number = (said["row"] - 1) // source.part_rows
        if part is None or part.number != number:
            if part:
                yield part
            part = Part(number, [], [])
        (part.rejects if "reason" in said else part.rows).append(said)
    raise _broke_off(source.file)


def _mapping_process(
    file: Path, system: str, mapping: Path | None, options: tuple[str, ...]
) -> subprocess.Popen[bytes]:
    arguments = ["map", str(file), "--system", system, *options]
    if mapping:
        arguments += ["--mapping", str(mapping)]
    program = our_program("map", "connectors", *arguments)
    return subprocess.Popen(
        die_with_parent(program.argv),
        env=os.environ | dict(program.env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )


def _told(answer: bytes, file: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = orjson.loads(answer)
    except ValueError:
        raise _broke_off(file) from None
    if "problem" in told:
        raise Misconfigured(told["problem"], remedy=told["remedy"])
    return told


def _broke_off(file: Path) -> Misconfigured:
    return Misconfigured(
        f"Reading {file} broke off.",
        remedy="See the message above; run the load again, it goes on from there.",
    )
