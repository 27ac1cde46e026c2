"""What the world is told of a changed customer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from schemas import cloud_event, wire
from schemas.customer_event import CustomerEventType
from service.database.customers.customers import CustomerWrite
from service.database.messages.outbox import Message
from service.resolver.changes import Change


def event_type(change: Change) -> CustomerEventType:
    """Return the one word for what happened to a customer id."""
    if change.survivor:
        return CustomerEventType.MERGED
    if not change.members:
        return CustomerEventType.DELETED
    if change.row is None:
        parted = bool(change.gained_from)
        return CustomerEventType.UNMERGED if parted else CustomerEventType.CREATED
    if change.row.retired_into or change.lost_to:
        return CustomerEventType.UNMERGED
    if change.gained_from:
        return CustomerEventType.MERGED
    return CustomerEventType.CHANGED


def announcement(change: Change, after: CustomerWrite) -> Message:
    """Return the event of one change; the golden record itself goes out beside it."""
    key = str(after.customer_id).encode()
    return Message(wire.EVENTS_TOPIC, key, _event(change, after), _headers(after))


def _event(change: Change, after: CustomerWrite) -> bytes:
    """Return what `CustomerEvent` would write: every value comes checked."""
    others = {*change.gained_from, *change.lost_to}
    if change.survivor:
        others = {change.survivor}
    changed = _changed(change.row.profile if change.row else None, after.profile)
    event: dict[str, Any] = {
        "customer_id": after.customer_id,
        "version": after.version,
        "changed": changed,
        "source_keys": [str(key) for key in change.moved],
        "other_customer_ids": sorted(others - {after.customer_id}),
    }
    return orjson.dumps({name: value for name, value in event.items() if value != []})


def _changed(before: bytes | None, after: bytes | None) -> list[str]:
    old = orjson.loads(before) if before else {}
    new = orjson.loads(after) if after else {}
    names = {*old, *new} - {"customer_id", "version", "origins"}
    return sorted(name for name in names if old.get(name) != new.get(name))


def _headers(after: CustomerWrite) -> dict[str, str]:
    return cloud_event.headers(
        id_=f"{after.customer_id}:{after.version}",
        type_=after.why,
        subject=str(after.customer_id),
        at=datetime.now(UTC),
    )
