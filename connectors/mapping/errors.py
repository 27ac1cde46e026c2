"""What is wrong with a value of a row, or with a transform of a mapping file."""

from __future__ import annotations


class Unreadable(ValueError):
    """A value that says nothing certain; the message never holds it."""


class BadTransform(ValueError):
    """A transform a mapping file asks for that cannot be made."""
