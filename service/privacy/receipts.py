"""The receipt of an erasure: signed, so that it proves itself later (JWS, Ed25519)."""

from __future__ import annotations

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

_ALGORITHMS = ["Ed25519"]


def signed(claims: dict[str, Any], secret: bytes) -> str:
    """Return the compact JWS of the claims."""
    return jws.serialize_compact(
        {"alg": _ALGORITHMS[0], "typ": "couture-erasure+jws"},
        json.dumps(claims, sort_keys=True),
        _key(secret),
        algorithms=_ALGORITHMS,
    )


def verified(receipt: str, secret: bytes) -> dict[str, Any] | None:
    """Return the claims of a receipt, or None if the signature is not ours."""
    try:
        found = jws.deserialize_compact(receipt, _key(secret), algorithms=_ALGORITHMS)
        claims: dict[str, Any] = json.loads(found.payload)
    except (JoseError, ValueError):
        return None
    return claims


def _key(secret: bytes) -> OKPKey:
    pem = Ed25519PrivateKey.from_private_bytes(secret)
    return OKPKey.import_key(pem)
