"""How much the faults do: a short cut in `make test`, all of it in `make faults`."""

from __future__ import annotations

import os
from typing import TypeVar

FULL = os.environ.get("COUTURE_FAULTS") == "full"
SEED = int(os.environ.get("COUTURE_SEED", "20261126"))

T = TypeVar("T")


def scaled(short: T, full: T) -> T:
    """Return what is wanted of a fault, here and now."""
    return full if FULL else short
