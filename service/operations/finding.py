"""What an examination says of one thing."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Health(StrEnum):
    """How a thing stands."""

    GOOD = "good"
    LOOK = "look"
    BAD = "bad"


class Finding(NamedTuple):
    """One thing that was looked at; what is not good has a remedy."""

    what: str
    health: Health
    detail: str
    remedy: str = ""
