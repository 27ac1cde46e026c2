"""When two written values may be one value, mistyped."""

from __future__ import annotations

from datetime import date, timedelta

_YEAR = timedelta(days=366)


def near(left: str, right: str, how: str) -> bool:
    """Say whether two values count as one: `same`, `keystroke` or `date`."""
    if left == right or how == "same":
        return left == right
    return one_keystroke(left, right) or (how == "date" and _dates(left, right))


def one_keystroke(left: str, right: str) -> bool:
    """Say whether at most one character is added, lost, changed or swapped."""
    if abs(len(left) - len(right)) > 1:
        return False
    start, most = 0, min(len(left), len(right))
    while start < most and left[start] == right[start]:
        start += 1
    left, right = left[start:], right[start:]
    if len(left) != len(right):
        return left[1:] == right or left == right[1:]
    return left[1:] == right[1:] or (left[:2] == right[1::-1] and left[2:] == right[2:])


def _dates(left: str, right: str) -> bool:
    """Two of day, month and year agree, day and month are swapped, or a year apart.

    So the model's levels of a birth date tell mistakes from other dates."""
    (year, month, day), (other_year, other_month, other_day) = (
        (text[:4], text[5:7], text[8:10]) for text in (left, right)
    )
    alike = (year == other_year) + (month == other_month) + (day == other_day)
    swapped = year == other_year and month == other_day and day == other_month
    return alike >= 2 or swapped or _within_a_year(left, right)


def _within_a_year(left: str, right: str) -> bool:
    try:
        days = date.fromisoformat(left) - date.fromisoformat(right)
    except ValueError:  # a mistyped date that no calendar holds
        return left[:4] == right[:4]
    return abs(days) <= _YEAR
