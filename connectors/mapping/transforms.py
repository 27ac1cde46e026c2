"""The named transforms of a mapping file: plain values in, plain values out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.source_key import SourceKey

Transform = Callable[[Any], Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}


class CannotTransform(ValueError):
    """A value a transform cannot read; the message never holds the value."""


class BadTransform(ValueError):
    """A transform a mapping file asks for that cannot be made."""


def make(name: str, argument: Any, *, system: str) -> Transform:
    """Return the transform of this name; raise BadTransform if there is none."""
    maker = _MAKERS.get(name)
    if maker is None:
        raise BadTransform(f"unknown transform {name!r}; known: {', '.join(_MAKERS)}")
    if name == "source_key" and argument is None:
        argument = system
    return maker(argument)


def microseconds(moment: datetime) -> int:
    """Return the time as whole microseconds since 1970, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def _no_argument(function: Transform) -> Callable[[Any], Transform]:
    def maker(argument: Any) -> Transform:
        if argument is not None:
            raise BadTransform("this transform takes no argument")
        return function

    return maker


def _lines(argument: Any, default: str) -> list[str]:
    wanted = default if argument is None else argument
    formats = wanted if isinstance(wanted, list) else [wanted]
    if not formats or not all(isinstance(form, str) and form for form in formats):
        raise BadTransform("expected a format or a list of formats")
    return formats


def _date(argument: Any) -> Transform:
    formats = _lines(argument, "iso")

    def transform(value: Any) -> date:
        if isinstance(value, int) and "days" in {*formats, "days"}:
            return date(1970, 1, 1) + timedelta(days=value)
        for form in formats:
            try:
                return _read_date(str(value).strip(), form)
            except ValueError:
                continue
        raise CannotTransform(f"is no date written {' or '.join(formats)}")

    return transform


def _read_date(text: str, form: str) -> date:
    if form == "days":
        return date(1970, 1, 1) + timedelta(days=int(text))
    if form == "iso":
        # Debezium writes a date with a zone ("1990-02-03Z").
        return date.fromisoformat(text.removesuffix("Z")[:10])
    return datetime.strptime(text, form).date()  # noqa: DTZ007 (a date has no zone)


def _timestamp(argument: Any) -> Transform:
    zone, written = UTC, argument
    if isinstance(argument, dict):
        if unknown := set(argument) - {"format", "zone"}:
            raise BadTransform(f"unknown option {sorted(unknown)[0]!r} of timestamp")
        written = argument.get("format")
        zone = _zone(argument.get("zone", "UTC"))
    formats = _lines(written, "iso")

    def transform(value: Any) -> datetime:
        for form in formats:
            try:
                moment = _read_moment(value, form)
            except (ValueError, OverflowError):
                continue
            return moment if moment.tzinfo else moment.replace(tzinfo=zone)
        raise CannotTransform(f"is no time written {' or '.join(formats)}")

    return transform


def _zone(name: Any) -> Any:
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError):
        raise BadTransform(f"unknown time zone {name!r}") from None


def _read_moment(value: Any, form: str) -> datetime:
    if form in _UNITS:
        return EPOCH + timedelta(microseconds=int(value) * 10**6 // _UNITS[form])
    if form == "iso":
        return datetime.fromisoformat(str(value).strip())
    return datetime.strptime(str(value).strip(), form)  # noqa: DTZ007 (zone follows)


def _epoch_us(argument: Any) -> Transform:
    read = _timestamp(argument)
    return lambda value: microseconds(read(value))


def _integer(value: Any) -> int:
    try:
        return int(str(value).strip())
    except ValueError:
        raise CannotTransform("is no whole number") from None


def _decimal(argument: Any) -> Transform:
    if argument not in (None, ".", ","):
        raise BadTransform("the decimal mark is '.' or ','")

    def transform(value: Any) -> Decimal:
        text = str(value).strip().replace(" ", "").replace(" ", "")
        if argument == ",":
            text = text.replace(".", "").replace(",", ".")
        try:
            return Decimal(text)
        except InvalidOperation:
            raise CannotTransform("is no number") from None

    return transform


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
            raise CannotTransform("is a word the vocabulary does not know")
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

    def transform(value: Any) -> SourceKey:
        try:
            return SourceKey(str(argument), str(value).strip())
        except ValueError:
            raise CannotTransform("is unfit as the id of a source key") from None

    return transform


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise CannotTransform("is no JSON") from None


_MAKERS: dict[str, Callable[[Any], Transform]] = {
    "date": _date,
    "timestamp": _timestamp,
    "epoch_us": _epoch_us,
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
