"""The code of a handoff: short enough to say, too long to guess in its minutes."""

from __future__ import annotations

import hashlib
import secrets

# Crockford's: no letter that is mistaken for a digit, none that makes a word rude.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 8
_AS_MEANT = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None})


def new_code() -> str:
    """Return a fresh code of 40 random bits, written in two groups."""
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return f"{drawn[:4]}-{drawn[4:]}"


def plain_code(typed: str) -> str:
    """Return the code as it is hashed, from how somebody typed it."""
    return typed.upper().translate(_AS_MEANT)


def code_hash(code: str) -> bytes:
    """Return what is stored of a code."""
    return hashlib.sha256(plain_code(code).encode()).digest()
