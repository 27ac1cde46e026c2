"""What changed from one state of a profile to the next: a pure function."""

from __future__ import annotations

from typing import NamedTuple

import orjson

_ALWAYS_NEW = frozenset({"version", "customer_id"})


class Difference(NamedTuple):
    """The attributes that changed, and the source keys that came and went."""

    changed: list[str]
    gained: list[str]
    lost: list[str]


def difference(before: bytes | None, after: bytes | None) -> Difference:
    """Return what differs between two finished documents; None is no profile."""
    old = orjson.loads(before) if before else {}
    new = orjson.loads(after) if after else {}
    names = sorted({*old, *new} - _ALWAYS_NEW)
    had, has = set(old.get("source_keys", ())), set(new.get("source_keys", ()))
    return Difference(
        [name for name in names if old.get(name) != new.get(name)],
        sorted(has - had),
        sorted(had - has),
    )
