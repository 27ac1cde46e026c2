"""Verdicts by thresholds: link alone, ask a person, or leave."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf, log2


def weight_of(probability: float) -> float:
    """Return the match weight, in bits, of a match probability."""
    return inf if probability >= 1 else log2(probability / (1 - probability))


class Band(StrEnum):
    """What follows from a match probability."""

    MATCH = "match"
    REVIEW = "review"
    NO_MATCH = "no_match"


@dataclass(frozen=True)
class Bands:
    """The match probabilities from which a pair is asked about, and linked alone."""

    review: float
    match: float

    def __post_init__(self) -> None:
        if not 0 < self.review <= self.match <= 1:
            raise ValueError(
                "bands must be 0 < review <= match <= 1, "
                f"not {self.review}, {self.match}"
            )

    def of(self, probability: float) -> Band:
        """Return the band of a match probability."""
        if probability >= self.match:
            return Band.MATCH
        return Band.REVIEW if probability >= self.review else Band.NO_MATCH
