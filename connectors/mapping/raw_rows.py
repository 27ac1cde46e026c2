"""What of a source's row travels beside the record: all but what must not."""

from __future__ import annotations

import math
import re
from collections.abc import Set
from functools import cache
from itertools import pairwise
from typing import Any

from connectors.contract import Payload

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_WORDS = frozenset(
    "password passwd passphrase pass pwd mdp motdepasse kennwort contrasena secret"
    " token salt otp totp cvv cvc cvv2 hash".split()
)
_SECRET_PAIRS = frozenset(
    "api key|private key|secure key|access key|secret key|activation key|reset key"
    "|signing key|mot passe|de passe|pin code|code pin".split("|")
)


@cache
def looks_secret(column: str) -> bool:
    """Return whether a column's name says that it holds a password or the like."""
    words = [word.lower() for word in _WORD.findall(column)]
    pairs = {" ".join(pair) for pair in pairwise(words)}
    return not _SECRET_WORDS.isdisjoint(words) or not _SECRET_PAIRS.isdisjoint(pairs)


def secrets_in(payload: Payload, *, but: Set[str]) -> list[str]:
    """Return what looks secret and is not wanted: `column`, or `column.name` in one."""
    found: list[str] = []
    for name, value in payload.items():
        if looks_secret(name) and name not in but:
            found.append(name)
        elif isinstance(value, dict):
            found += [f"{name}.{inner}" for inner in secrets_in(value, but=but)]
    return found


def without_secrets(payload: Payload, *, but: Set[str]) -> Payload:
    """Return the row without what looks secret and is not wanted by name."""
    return {
        name: without_secrets(value, but=but) if isinstance(value, dict) else value
        for name, value in payload.items()
        if name in but or not looks_secret(name)
    }


def storable_numbers(value: Any) -> Any:
    """Return a raw value with the numbers that JSON or 64 bits cannot hold as text.

    They are NaN, infinity and integers of twenty digits: no reason to lose a row.
    """
    if isinstance(value, dict):
        return {name: storable_numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [storable_numbers(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    return value
