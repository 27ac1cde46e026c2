"""The named transforms of a mapping file: plain values in, plain values out."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.mapping.plain_values import Unreadable, amount, identifier, key_text
from schemas.source_key import SourceKey

Transform = Callable[[Any], Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOME = ZoneInfo("Europe/Paris")
_EARLIEST_BIRTH_YEAR = 1800
_DAYS = 100_000
"""More days since 1970 than any date of ours: eight digits are a calendar's day."""
_NO_TIME = re.compile(
    r"[+-]?(?:inf(?:inity)?|nan)|0000-00-00.*|0{2}[./-]0{2}[./-]0{4}.*|-\d{4,}-.*"
    r"|\+\d{5,}-.*|\d{5,}-\d\d-\d\d.*|0000-.*|.*\bBC",
    re.IGNORECASE,
)
_UNITS = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}


class CannotTransform(ValueError):
    """A value a transform cannot read; the message never holds the value."""


class BadTransform(ValueError):
    """A transform a mapping file asks for that cannot be made."""


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
        return _date(argument, birth=field == "birth_date")
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


def _date(argument: Any, *, birth: bool = False) -> Transform:
    written, zone = _options(argument, "date")
    formats = _lines(written, "iso")

    def transform(value: Any) -> date | None:
        if _is_no_time(value):
            return None
        read = _dates(value, formats, zone)
        days = {_born(day) if birth and two else day for day, two in read}
        if not days:
            raise CannotTransform(f"is no date written {' or '.join(formats)}")
        if birth and max(days).year < _EARLIEST_BIRTH_YEAR:
            return None  # 15 March 44 BC comes as the year 44
        # two formats that read it differently: which is the day, which the month?
        return days.pop() if len(days) == 1 else None

    return transform


def _dates(
    value: Any, formats: list[str], zone: tzinfo | None
) -> set[tuple[date, bool]]:
    """Return the days that the formats read, each with: is its year two digits?"""
    found = set()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    for form in formats:
        try:
            day = _read_date(value, form, zone)
        except (ValueError, OverflowError):
            continue
        found.add((day, "%y" in form or form == "%x"))
    if not found and _is_whole(value) and abs(value) < _DAYS:
        # a column of dates as Debezium tells it, whatever the mapping expects
        found.add((EPOCH.date() + timedelta(days=value), False))
    return found


def _read_date(value: Any, form: str, zone: tzinfo | None) -> date:
    if form == "days":
        return EPOCH.date() + timedelta(days=int(value))
    if form == "iso" and _is_whole(value):
        return datetime.strptime(f"{value:08d}", "%Y%m%d").date()  # noqa: DTZ007
    text = str(value).strip()
    if form == "iso":
        # Debezium writes a date with a zone ("1990-02-03Z").
        if len(text) <= len("1990-02-03Z"):
            return date.fromisoformat(text.removesuffix("Z"))
        try:
            return _day_of(datetime.fromisoformat(text), zone)
        except ValueError:
            return date.fromisoformat(text[:10])
    return datetime.strptime(text, form).date()  # noqa: DTZ007 (a date has no zone)


def _day_of(moment: datetime, zone: tzinfo | None) -> date:
    """Return the day that a moment stands for: that of the zone, where it has one."""
    if moment.tzinfo is None:
        return moment.date()
    if zone is not None:
        return moment.astimezone(zone).date()
    # A browser tells a day as its midnight: 23:00 the day before, in UTC.
    home = moment.astimezone(HOME)
    is_midnight = home.time() == time() and moment.time() != time()
    return home.date() if is_midnight else moment.date()


def _born(day: date) -> date:
    """Return the day in the century before if it has not come: nobody is born then."""
    if day <= datetime.now(UTC).date() + timedelta(days=1):
        return day
    try:
        return day.replace(year=day.year - 100)
    except ValueError:  # 29 February of a year that was none
        return day.replace(year=day.year - 100, month=3, day=1)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_no_time(value: Any) -> bool:
    """Return whether this is what systems hold for want of a date, or beyond ours."""
    if isinstance(value, float):
        return not math.isfinite(value)
    return isinstance(value, str) and _NO_TIME.fullmatch(value.strip()) is not None


def _timestamp(argument: Any) -> Transform:
    written, zone = _options(argument, "timestamp")
    formats = _lines(written, "iso")

    def transform(value: Any) -> datetime | None:
        for form in formats:
            try:
                moment = _read_moment(value, form)
            except (ValueError, OverflowError):
                continue
            return moment if moment.tzinfo else moment.replace(tzinfo=zone or UTC)
        if _is_no_time(value):
            return None
        raise CannotTransform(f"is no time written {' or '.join(formats)}")

    return transform


def _options(argument: Any, name: str) -> tuple[Any, tzinfo | None]:
    """Return the formats and the zone that a date or a timestamp is asked for with."""
    if not isinstance(argument, dict):
        return argument, None
    if unknown := set(argument) - {"format", "zone"}:
        raise BadTransform(f"unknown option {sorted(unknown)[0]!r} of {name}")
    zone = argument.get("zone")
    return argument.get("format"), None if zone is None else _zone(zone)


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
        return int(str(identifier(value)).strip())
    except ValueError:
        raise CannotTransform("is no whole number") from None


def _decimal(argument: Any) -> Transform:
    if argument not in (None, ".", ","):
        raise BadTransform("the decimal mark is '.' or ','")
    return lambda value: _told(amount, value, comma=argument == ",")


def _told(read: Callable[..., Any], value: Any, **options: Any) -> Any:
    try:
        return read(value, **options)
    except Unreadable as error:
        raise CannotTransform(str(error)) from None


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

    def transform(value: Any) -> SourceKey | None:
        text = _told(key_text, value)
        if text is None:
            return None
        try:
            return SourceKey(str(argument), text)
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
