"""Today's schemas still serve those who speak the released ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.generate import GENERATED, READ, WRITTEN
from tests.schemas.compatibility import Schema, breaks_readers, breaks_writers

RELEASED = GENERATED.parent / "released"
RELEASES = sorted(folder.name for folder in RELEASED.iterdir())
STRING = {"type": "string"}


def _schema(folder: Path, name: str) -> Schema:
    return dict(json.loads((folder / f"{name}.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", READ)
def test_what_a_release_could_send_is_still_read(name: str, release: str) -> None:
    released, current = _schema(RELEASED / release, name), _schema(GENERATED, name)

    assert breaks_writers(released, current) == []


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", WRITTEN)
def test_what_readers_of_a_release_lean_on_is_still_written(
    name: str, release: str
) -> None:
    released, current = _schema(RELEASED / release, name), _schema(GENERATED, name)

    assert breaks_readers(released, current) == []


def _object(*required: str, **properties: Any) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


BREAKING_FOR_WRITERS = {
    "a removed field": (_object(a=STRING), _object(), "$.a: is unknown"),
    "a new required field": (
        _object(),
        _object("a", a=STRING),
        "$.a: is required",
    ),
    "another type": (
        _object(a=STRING),
        _object(a={"type": "integer"}),
        "$.a: string is not integer",
    ),
    "no more null": (
        {"anyOf": [STRING, {"type": "null"}]},
        STRING,
        "$: null is not string",
    ),
    "a lower upper bound": (
        {**STRING, "maxLength": 9},
        {**STRING, "maxLength": 8},
        "$: maxLength 8",
    ),
    "a new lower bound": (STRING, {**STRING, "minLength": 1}, "$: minLength 1"),
    "a new pattern": (STRING, {**STRING, "pattern": "^a$"}, "$: pattern ^a$"),
    "one value fewer": (
        {**STRING, "enum": ["a", "b"]},
        {**STRING, "const": "a"},
        "$: refuses ['b']",
    ),
    "values where all were free": (
        STRING,
        {**STRING, "enum": ["a"]},
        "$: refuses ['any value']",
    ),
    "narrower items": (
        {"type": "array", "items": {"type": "number"}},
        {"type": "array", "items": {"type": "integer"}},
        "$[]: number is not integer",
    ),
    "a change behind a reference": (
        {"$ref": "#/$defs/A", "$defs": {"A": _object(a=STRING)}},
        {"$ref": "#/$defs/B", "$defs": {"B": _object()}},
        "$.a: is unknown",
    ),
}


@pytest.mark.parametrize("change", BREAKING_FOR_WRITERS)
def test_a_change_that_breaks_writers_is_named(change: str) -> None:
    released, current, problem = BREAKING_FOR_WRITERS[change]

    assert breaks_writers(released, current) == [problem]


@pytest.mark.parametrize(
    ("released", "current"),
    [
        (_object(a=STRING), _object(a=STRING, b=STRING)),
        ({"type": "integer"}, {"type": "number"}),
        (STRING, {"anyOf": [STRING, {"type": "null"}]}),
        ({**STRING, "enum": ["a"]}, {**STRING, "enum": ["a", "b"]}),
        (_object("a", a=STRING), _object(a=STRING)),
    ],
)
def test_a_schema_that_accepts_more_breaks_no_writer(
    released: Schema, current: Schema
) -> None:
    assert breaks_writers(released, current) == []


@pytest.mark.parametrize(
    ("released", "current", "problem"),
    [
        (_object(a=STRING), _object(), "$.a: is gone"),
        (_object("a", a=STRING), _object(a=STRING), "$.a: is required"),
        (
            _object(a=STRING),
            _object(a={"type": "null"}),
            "$.a: null is not string",
        ),
        (
            {"$defs": {"A": _object(a=STRING)}},
            {"$defs": {"A": _object()}},
            "A.a: is gone",
        ),
    ],
)
def test_a_change_that_breaks_readers_is_named(
    released: Schema, current: Schema, problem: str
) -> None:
    assert breaks_readers(released, current) == [problem]


def test_a_new_field_breaks_no_reader() -> None:
    assert breaks_readers(_object(), _object(a=STRING)) == []
