"""By which marks an erased person is known again; marks are hashed before they stay.

A mark is a source key, or values that together tell one person: an e-mail alone is
often a family's, so it counts only with a first name or a birth date, or where a record
holds neither.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from itertools import product
from typing import Any

from schemas.source_key import SourceKey
from service.domain.contact_keys import contact_key

_EMAIL = re.compile(r"[^\s\"'<>,;:\\/()\[\]{}=|]+@[^\s\"'<>,;:\\/()\[\]{}=|]+")
_NUMBER = re.compile(r"\+?[0-9A-Z][0-9A-Z .-]{5,24}[0-9A-Z]")


def hashed(mark: str, secret: bytes) -> bytes:
    """Return what is stored of a mark: without the secret nobody can guess it."""
    return hmac.digest(secret, mark.encode("utf-8", "surrogatepass"), hashlib.sha256)


def record_mark(key: SourceKey) -> str:
    """Return the mark of a source record, whatever it says."""
    return f"record {key}"


def fact_mark(kind: str, key: SourceKey) -> str:
    """Return the mark of an order, movement, interaction or consent."""
    return f"{kind} {key}"


def message_mark(key: bytes | None) -> str | None:
    """Return the mark of a message by its partition key, or None if it has no such."""
    text = (key or b"").decode("utf-8", "replace")
    kind, slash, rest = text.partition("/")
    try:
        if slash and ":" not in kind:
            return fact_mark(kind, SourceKey.parse(rest))
        return record_mark(SourceKey.parse(text))
    except ValueError:
        return None


def person_marks(features: dict[str, Any] | None) -> set[str]:
    """Return the marks by which this record would be known as an erased person's."""
    held = features or {}
    contacts = contact_marks(held)
    names = _given(held)
    born = held.get("birth_date")
    told = {*(f"given {name}" for name in names), *([f"born {born}"] if born else [])}
    if not told:
        return contacts | _alone(held)
    return {f"{c} {t}" for c, t in product(contacts, told)} | _alone(held)


def every_mark(all_features: Iterable[dict[str, Any]]) -> set[str]:
    """Return the marks to suppress for one person, from all records together."""
    records = list(all_features)
    merged: dict[str, Any] = {}
    for column in ("emails", "phones", "cards", "given_names", "family_names"):
        merged[column] = sorted({v for r in records for v in r.get(column) or ()})
    marks = contact_marks(merged)
    dates = {r["birth_date"] for r in records if r.get("birth_date")} | {None}
    ids = {r["national_id"] for r in records if r.get("national_id")} | {None}
    for born, identity in product(dates, ids):
        marks |= person_marks(merged | {"birth_date": born, "national_id": identity})
    return marks


def contact_marks(features: dict[str, Any]) -> set[str]:
    """Return the marks of each e-mail and phone alone."""
    pairs = (("email", "emails"), ("phone", "phones"))
    return {f"{kind} {v}" for kind, name in pairs for v in features.get(name) or ()}


def marks_in(value: bytes | None) -> set[str]:
    """Return the marks of what looks like an e-mail, phone or card in any bytes."""
    text = (value or b"").decode("utf-8", "replace")
    marks = set()
    for found in _EMAIL.findall(text):
        marks.add(f"email {contact_key('email', found)}")
    for found in _NUMBER.findall(text):
        marks.add(f"phone {contact_key('phone', found)}")
        marks.add(f"card {contact_key('card', found)}")
    return marks


def _given(held: dict[str, Any]) -> list[str]:
    return held.get("given_names") or []


def _alone(held: dict[str, Any]) -> set[str]:
    marks = {f"card {card}" for card in held.get("cards") or ()}
    if held.get("national_id"):
        marks.add(f"national_id {held['national_id']}")
    if born := held.get("birth_date"):
        pairs = product(_given(held), held.get("family_names") or ())
        marks |= {f"person {given} {family} {born}" for given, family in pairs}
    return marks
