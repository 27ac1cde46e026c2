"""What can be wrong with a model or with what it is trained on."""

from __future__ import annotations


class MatchingError(Exception):
    """The matcher cannot do what was asked; the text says why and what to do."""


class UnusableModel(MatchingError):
    """A bundle that must not score: damaged, of other libraries, or not bit-equal."""


class UntrainableRecords(MatchingError):
    """Records from which no model can be learnt."""
