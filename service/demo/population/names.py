"""Given names and surnames as the French bear them, the common ones commonest."""

from __future__ import annotations

from bisect import bisect
from functools import cache
from importlib.resources import files
from itertools import accumulate
from random import Random

FIRST_DECADE, LAST_DECADE = 1931, 2011

# Zipf-Mandelbrot, weight = 1 / (rank + shift) ** steepness: fitted by eye so that
# Martin is 0.4 % of the people, and the first given name of a decade 3 to 4 %.
_SURNAME_SHIFT, _SURNAME_STEEPNESS = 30, 0.95
_GIVEN_SHIFT, _GIVEN_STEEPNESS = 8, 1.0


class Weighted:
    """Values drawn by Zipf's law, the first the likeliest."""

    def __init__(self, values: list[str], *, shift: int, steepness: float) -> None:
        self.values = values
        self._sums = list(
            accumulate(1 / (rank + shift) ** steepness for rank in range(len(values)))
        )

    def draw(self, rng: Random) -> str:
        """Return one value."""
        return self.values[bisect(self._sums, rng.random() * self._sums[-1])]


def read_lines(name: str) -> list[str]:
    """Return the lines of one data file."""
    text = files("service.demo").joinpath("data", name).read_text(encoding="utf-8")
    return text.splitlines()


@cache
def _surnames() -> Weighted:
    return Weighted(
        read_lines("surnames.txt"), shift=_SURNAME_SHIFT, steepness=_SURNAME_STEEPNESS
    )


@cache
def _given_names() -> dict[tuple[str, int], Weighted]:
    lists = {}
    for line in read_lines("given_names.txt"):
        gender, decade, names = line.split(" ", 2)
        lists[gender, int(decade)] = Weighted(
            names.split(","), shift=_GIVEN_SHIFT, steepness=_GIVEN_STEEPNESS
        )
    return lists


def draw_surname(rng: Random) -> str:
    """Return a surname."""
    return _surnames().draw(rng)


def draw_given_name(rng: Random, *, gender: str, year: int) -> str:
    """Return a given name of the decade in which the person was born."""
    decade = min(max((year - 1) // 10 * 10 + 1, FIRST_DECADE), LAST_DECADE)
    return _given_names()[gender, decade].draw(rng)


def surname_count() -> int:
    """Return how many surnames can be drawn."""
    return len(_surnames().values)


def given_name_count() -> int:
    """Return how many given names can be drawn."""
    return len({name for each in _given_names().values() for name in each.values})
