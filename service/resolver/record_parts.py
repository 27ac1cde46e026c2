"""Customers that several tables of a system give together, put together anew.

Every table's rows are kept apart, each behind its own position, so a change of any of
them makes the whole record again without its source, whatever the order they come in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.change_event import CustomerChange, Position
from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from service.database.connection.session import Connection
from service.database.sources import record_parts, source_records
from service.database.sources.record_parts import PartState, StoredParts
from service.domain.record_assembly import Part, assembled, assembled_raw
from service.resolver.micro_batch import ReceivedEvent, known_times, newest

_OWN = ("", "")
_Name = tuple[SourceKey, tuple[str, str]]


class WholeRecord(NamedTuple):
    """What a system says of one person, of one table or of several."""

    key: SourceKey
    position: Position
    after: CustomerRecord | None
    raw: dict[str, Any] | None
    at: datetime | None


class Separated(NamedTuple):
    """Events of records of one table, and of those that several give together."""

    plain: list[ReceivedEvent]
    spread: list[ReceivedEvent]
    record_ids: dict[SourceKey, int]
    """Of the latter."""


def separate(connection: Connection, customers: Sequence[ReceivedEvent]) -> Separated:
    """Part the events by whether their record has parts, or gets its first one."""
    added = {one.event.key for one in customers if _name(one)[1] != _OWN}
    among = {one.event.key.system for one in customers}
    systems = record_parts.systems(connection, among) | {key.system for key in added}
    if not systems:
        return Separated(list(customers), [], {})
    keys = {one.event.key for one in customers if one.event.key.system in systems}
    ids = source_records.ids_with_stubs(connection, keys)
    record_parts.lock(connection, ids.values())
    having: set[int] = set()
    for system in systems:
        mine = [ids[key] for key in keys if key.system == system]
        having |= record_parts.having_parts(connection, system, mine)
    spread = added | {key for key in keys if ids[key] in having}
    return Separated(
        [one for one in customers if one.event.key not in spread],
        [one for one in customers if one.event.key in spread],
        {key: ids[key] for key in spread},
    )


def put_together(connection: Connection, found: Separated) -> list[WholeRecord]:
    """Store the parts that are newer than what is stored; return the whole records.

    Those of which only parts are known are none yet.
    """
    if not found.spread:
        return []
    ids = found.record_ids
    adding = {one.event.key for one in found.spread if _name(one)[1] != _OWN}
    record_parts.keep_own(connection, [ids[key] for key in adding])
    record_parts.upsert(connection, _newest(found.spread, ids))
    keys = {record_id: key for key, record_id in ids.items()}
    return [
        whole
        for stored in record_parts.parts_of(connection, ids.values())
        if (whole := _whole(keys[stored.record_id], stored)) is not None
    ]


def forget(connection: Connection, found: Separated, keys: Iterable[SourceKey]) -> None:
    """Forget what the tables say of these records, each for itself."""
    record_parts.remove(connection, [found.record_ids[key] for key in keys])


def stored_record(record: CustomerRecord) -> dict[str, Any]:
    """Return a record as it is stored: JSON without what is not said."""
    return record.model_dump(mode="json", exclude_none=True, exclude_defaults=True)


def _whole(key: SourceKey, stored: StoredParts) -> WholeRecord | None:
    own = next((one for one in stored.parts if one.part_table == ""), None)
    if own is None:
        return None
    if own.record is None:
        return WholeRecord(key, stored.position, None, None, own.source_at)
    parts = [
        Part(one.part_table, one.part_row, one.record, one.raw)
        for one in stored.parts
        if one is not own and one.record is not None
    ]
    times = [one.source_at for one in stored.parts if one.source_at]
    return WholeRecord(
        key,
        stored.position,
        CustomerRecord.model_validate(assembled(own.record, parts)),
        assembled_raw(own.raw, parts),
        max(times, default=None),
    )


def _newest(
    spread: Sequence[ReceivedEvent], ids: dict[SourceKey, int]
) -> list[PartState]:
    """Return the last that is said of each part."""
    times = known_times(spread, name=_name)
    return [
        PartState(
            ids[event.key],
            event.key.system,
            *_name(one)[1],
            event.position,
            stored_record(event.after) if event.after is not None else None,
            event.raw,
            times[_name(one)],
        )
        for one in newest(spread, name=_name)
        if isinstance(event := one.event, CustomerChange)
    ]


def _name(one: ReceivedEvent) -> _Name:
    assert isinstance(one.event, CustomerChange)
    part = one.event.part
    return one.event.key, (part.table, part.row) if part else _OWN
