"""Dates and times as sources write them: formats, zones, and what stands for none."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.mapping.errors import BadTransform, Unreadable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}
HOME = ZoneInfo("Europe/Paris")
_EARLIEST_BIRTH_YEAR = 1800
_DAYS = 100_000
"""More days since 1970 than any date of ours: eight digits are a calendar's day."""
_NO_TIME = re.compile(
    r"[+-]?(?:inf(?:inity)?|nan)|0000-00-00.*|0{2}[./-]0{2}[./-]0{4}.*|-\d{4,}-.*"
    r"|\+\d{5,}-.*|\d{5,}-\d\d-\d\d.*|0000-.*|.*\bBC",
    re.IGNORECASE,
)


def microseconds(moment: datetime) -> int:
    """Return the time as whole microseconds since 1970, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def date_transform(argument: Any, *, birth: bool = False) -> Callable[[Any], Any]:
    """Return what reads a day: None for none or a doubtful one, Unreadable for others.

    A day of birth is not before 1800 and not in the future. Raise BadTransform for an
    argument that names no format or zone.
    """
    written, zone = _options(argument, "date")
    formats = _lines(written, "iso")

    def transform(value: Any) -> date | None:
        if _is_no_time(value):
            return None
        read = _dates(value, formats, zone)
        days = {_born(day) if birth and two else day for day, two in read}
        if not days:
            raise Unreadable(f"is no date written {' or '.join(formats)}")
        if birth and not _may_be_birth(max(days)):
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


def _may_be_birth(day: date) -> bool:
    return day.year >= _EARLIEST_BIRTH_YEAR and day <= _tomorrow()


def _tomorrow() -> date:
    return datetime.now(UTC).date() + timedelta(days=1)


def _born(day: date) -> date:
    """Return the day in the century before if it has not come: nobody is born then."""
    if day <= _tomorrow():
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


def timestamp_transform(argument: Any) -> Callable[[Any], Any]:
    """Return what reads a moment, with its zone; None for what stands for none.

    It raises Unreadable for what is no moment; BadTransform is for the argument.
    """
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
        raise Unreadable(f"is no time written {' or '.join(formats)}")

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


def epoch_us_transform(argument: Any) -> Callable[[Any], Any]:
    """Return what reads a moment as microseconds since 1970."""
    read = timestamp_transform(argument)
    return lambda value: None if (at := read(value)) is None else microseconds(at)


def _lines(argument: Any, default: str) -> list[str]:
    wanted = default if argument is None else argument
    formats = wanted if isinstance(wanted, list) else [wanted]
    if not formats or not all(isinstance(form, str) and form for form in formats):
        raise BadTransform("expected a format or a list of formats")
    return formats
