"""What is stored first, and the changes that come on top of it."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from schemas import wire
from schemas.change_event import CustomerChange, Op, Source
from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from service.demo.population.people import SimulatedRecord
from service.resolver.micro_batch import Message

SYSTEM = "stored"
TOPIC = wire.source_topic(SYSTEM)
_COLUMNS = (
    *("id", "given_name", "family_name", "birth_name", "full_name", "title", "gender"),
    *("birth_date", "email", "phone", "card"),
    *("street_number", "street", "postal_code", "city"),
)


def key_of(one: SimulatedRecord) -> SourceKey:
    """Return the key under which a record is stored or streamed."""
    return SourceKey(SYSTEM, f"{one.system}-{one.id}")


def write_stored(
    stored: Iterable[SimulatedRecord], file: Path
) -> tuple[dict[str, str], list[SimulatedRecord]]:
    """Write the records as CSV; return its columns, and one in 20 to be changed."""
    kept = []
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerow(_COLUMNS)
        for number, one in enumerate(stored):
            writer.writerow(_row(key_of(one).id, one.record))
            if number % 20 == 0:
                kept.append(one)
    return {column: column for column in _COLUMNS}, kept


def _row(id_: str, record: CustomerRecord) -> list[Any]:
    address = record.addresses[0] if record.addresses else None
    place = [getattr(address, name, None) for name in _COLUMNS[-4:]]
    alone = [getattr(record, name) for name in _COLUMNS[1:8]]
    lists = [record.emails, record.phones, record.cards]
    return [id_, *alone, *("|".join(values) for values in lists), *place]


def messages(
    known: list[SimulatedRecord], new: Sequence[SimulatedRecord], *, seed: int
) -> list[Message]:
    """Return a change for each new record, as two partitions hold them.

    Most insert it; others update, delete or insert again one that is known by then.
    One message in ten is written once more, later. A key is always in one partition.
    """
    chance = random.Random(seed)
    log: list[Message] = []
    ends = [0, 0]
    for number, change in enumerate(_changes(list(known), new, chance)):
        log.append(_message(change, number, ends))
        if chance.random() < 0.1:
            again = log[-chance.randint(1, min(len(log), 2_000))]
            log.append(again._replace(offset=ends[again.partition]))
            ends[again.partition] += 1
    return log


def _changes(
    known: list[SimulatedRecord], new: Sequence[SimulatedRecord], chance: random.Random
) -> Iterator[tuple[SourceKey, CustomerRecord | None]]:
    for one in new:
        which, other = chance.choice(known), chance.choice(known)
        what = chance.random()
        if what < 0.6:
            known.append(one)
            yield key_of(one), one.record
        elif what < 0.75:  # a record takes over another's identity
            yield key_of(which), other.record
        elif what < 0.85:  # or becomes again what it was, deleted before or not
            yield key_of(which), which.record
        else:
            yield key_of(which), None


def _message(
    change: tuple[SourceKey, CustomerRecord | None], number: int, ends: list[int]
) -> Message:
    key, record = change
    event = CustomerChange(
        op=Op.DELETE if record is None else Op.UPDATE,
        key=key,
        position=(1, number),
        after=record,
        source=Source(connector="bench", table="customer"),
        ts_ms=0,
    )
    partition = sum(str(key).encode()) % len(ends)
    raw, value, headers = wire.encode(event)
    ends[partition] += 1
    place = ends[partition] - 1
    return Message(TOPIC, "t", partition, place, raw, value, [*headers])
