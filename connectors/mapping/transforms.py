"""The named transforms of a mapping file: plain values in, plain values out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from connectors.mapping.errors import BadTransform, Unreadable
from connectors.mapping.plain_values import amount, identifier, key_text
from connectors.mapping.times import (
    date_transform,
    epoch_us_transform,
    timestamp_transform,
)
from schemas.source_key import SourceKey

Transform = Callable[[Any], Any]


def make(name: str, argument: Any, *, system: str, field: str = "") -> Transform:
    """Return the transform of this name; raise BadTransform if there is none.

    The date of the field `birth_date` is never in the future: two digits of a year are
    then those of the century before.
    """
    maker = _MAKERS.get(name)
    if maker is None:
        raise BadTransform(f"unknown transform {name!r}; known: {', '.join(_MAKERS)}")
    if name == "source_key" and argument is None:
        argument = system
    if name == "date":
        return date_transform(argument, birth=field == "birth_date")
    return maker(argument)


def _no_argument(function: Transform) -> Callable[[Any], Transform]:
    def maker(argument: Any) -> Transform:
        if argument is not None:
            raise BadTransform("this transform takes no argument")
        return function

    return maker


def _integer(value: Any) -> int:
    try:
        return int(str(identifier(value)).strip())
    except ValueError:
        raise Unreadable("is no whole number") from None


def _decimal(argument: Any) -> Transform:
    if argument not in (None, ".", ","):
        raise BadTransform("the decimal mark is '.' or ','")
    return lambda value: amount(value, comma=argument == ",")


def _split(argument: Any) -> Transform:
    if not isinstance(argument, str) or not argument:
        raise BadTransform("split needs its delimiter")
    return lambda value: [
        part for piece in str(value).split(argument) if (part := piece.strip())
    ]


def _vocabulary(argument: Any) -> Transform:
    if not isinstance(argument, Mapping) or not argument:
        raise BadTransform("vocabulary needs a table: their word: our word")
    words = {str(theirs).casefold(): ours for theirs, ours in argument.items()}

    def transform(value: Any) -> Any:
        theirs = json.dumps(value) if isinstance(value, bool) else str(value).strip()
        if theirs.casefold() not in words:
            raise Unreadable("is a word the vocabulary does not know")
        return words[theirs.casefold()]

    return transform


def _name_part(argument: Any) -> Transform:
    options = argument if isinstance(argument, Mapping) else {}
    part, order = options.get("part"), options.get("order")
    if part not in ("given", "family") or order not in _ORDERS:
        raise BadTransform(
            "name_part needs part (given, family) and order "
            "(given_family, family_given, capitals)"
        )

    def transform(value: Any) -> str | None:
        given, family = _ORDERS[order](str(value).split())
        return " ".join(given if part == "given" else family) or None

    return transform


def _by_capitals(words: list[str]) -> tuple[list[str], list[str]]:
    family = [word for word in words if word.isupper() and len(word) > 1]
    if not family or len(family) == len(words):
        return words[:1], words[1:]
    return [word for word in words if word not in family], family


_ORDERS: dict[Any, Callable[[list[str]], tuple[list[str], list[str]]]] = {
    "given_family": lambda words: (words[:1], words[1:]),
    "family_given": lambda words: (words[-1:], words[:-1]),
    "capitals": _by_capitals,
}


def _source_key(argument: Any) -> Transform:
    try:
        SourceKey(str(argument), "probe")
    except ValueError as error:
        raise BadTransform(str(error)) from None

    def transform(value: Any) -> SourceKey | None:
        text = key_text(value)
        if text is None:
            return None
        try:
            return SourceKey(str(argument), text)
        except ValueError:
            raise Unreadable("is unfit as the id of a source key") from None

    return transform


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise Unreadable("is no JSON") from None


_MAKERS: dict[str, Callable[[Any], Transform]] = {
    "date": date_transform,
    "timestamp": timestamp_transform,
    "epoch_us": epoch_us_transform,
    "integer": _no_argument(_integer),
    "decimal": _decimal,
    "text": _no_argument(str),
    "lower": _no_argument(lambda value: str(value).lower()),
    "upper": _no_argument(lambda value: str(value).upper()),
    "split": _split,
    "vocabulary": _vocabulary,
    "name_part": _name_part,
    "source_key": _source_key,
    "json": _no_argument(_json),
}
