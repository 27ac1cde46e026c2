"""Signed cursors: where a page ended, fit only for the list it was given for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Any

import orjson

from service.api.http.problems import invalid_parameter

_SEAL_BYTES = 16


class Cursors:
    """Seals and opens cursors; without a secret they end with the process."""

    def __init__(self, secret: str = "") -> None:
        self._secret = secret.encode() or secrets.token_bytes(32)

    def seal(self, listing: str, place: list[Any]) -> str:
        """Return the cursor of a place in a listing, such as `orders:<customer id>`."""
        text = orjson.dumps(place)
        return base64.urlsafe_b64encode(self._seal(listing, text) + text).decode()

    def open(self, listing: str, cursor: str | None) -> list[Any] | None:
        """Return the place of a cursor of ours for this listing; else refuse it."""
        if cursor is None:
            return None
        try:
            sealed = base64.b64decode(cursor, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            sealed = b""
        seal, text = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(listing, text)):
            raise invalid_parameter("cursor", "is not a cursor given for this list")
        place: list[Any] = orjson.loads(text)
        return place

    def _seal(self, listing: str, text: bytes) -> bytes:
        sealed = listing.encode() + b"\n" + text
        return hmac.digest(self._secret, sealed, hashlib.sha256)[:_SEAL_BYTES]
