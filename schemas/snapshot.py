"""What a complete snapshot of a source saw: the rows that it did not see are gone."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Annotated

from pydantic import AfterValidator, Field

from schemas.change_event import (
    ChangeEvent,
    CustomerChange,
    Position,
    RecordKind,
    RecordPart,
)
from schemas.source_key import SourceKey
from schemas.text import FrozenModel, Identifier, System

DIGEST_BYTES = 8
"""Two keys fall on one digest once in 2^64 pairs: such a delete stays unseen."""

KEYS_A_MANIFEST = 8_192


def key_digest(
    kind: RecordKind, key: SourceKey, part: RecordPart | None = None
) -> bytes:
    """Return what stands in a manifest for a record, or for a part of it.

    The first 8 bytes of SHA-256 of kind and key, then of the table and the row, each
    after the separator U+001F.
    """
    name = f"{kind}/{key}"
    if part is not None:
        name += f"\x1f{part.table}\x1f{part.row}"
    return hashlib.sha256(name.encode()).digest()[:DIGEST_BYTES]


def event_digest(event: ChangeEvent) -> bytes:
    """Return what stands in a manifest for what an event speaks of."""
    part = event.part if isinstance(event, CustomerChange) else None
    return key_digest(event.kind, event.key, part)


def _whole_digests(value: str) -> str:
    try:
        size = len(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        raise ValueError("is not base64") from None
    if size % DIGEST_BYTES:
        raise ValueError(f"holds no whole number of {DIGEST_BYTES}-byte digests")
    return value


class SnapshotManifest(FrozenModel):
    """One part of what a snapshot saw; all parts together tell what is gone."""

    system: System
    snapshot: Identifier
    number: Annotated[int, Field(ge=1, description="this part, counted from 1")]
    of: Annotated[int, Field(ge=1, le=100_000, description="how many parts there are")]
    before: Annotated[
        dict[RecordKind, Position],
        Field(description="by kind: an unseen record at or before it is gone"),
    ]
    unreadable: Annotated[int, Field(ge=0, description="rows set aside while reading")]
    ends: Annotated[
        dict[int, int],
        Field(description="offsets of the source topic to be resolved first"),
    ]
    digests: Annotated[
        str,
        AfterValidator(_whole_digests),
        Field(description="base64 of the 8-byte digests of the keys seen, in order"),
    ]

    def seen(self) -> list[bytes]:
        """Return the digests of this part."""
        held = base64.b64decode(self.digests)
        return [held[i : i + DIGEST_BYTES] for i in range(0, len(held), DIGEST_BYTES)]
