"""The customers of records that nothing was known of: made by several processes.

Each makes, by the resolver's own functions, what relabel would write of its clusters;
the rows go back ready to be copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import orjson

from service.database.connection.binary_copy import bigint, bytea, jsonb, row
from service.database.connection.session import connect
from service.database.messages.outbox import Message
from service.database.sources import source_records
from service.database.sources.source_records import Stored
from service.resolver.changes import Change
from service.resolver.golden_records import outcome

CHUNK = 2_000
"""Customers made and written together."""


class Born(NamedTuple):
    """A new customer id and the records of its cluster, in rising order."""

    customer_id: UUID
    component: int
    record_ids: list[int]


@dataclass(frozen=True)
class Births:
    """What one process makes."""

    database_url: str
    born: Sequence[Born]


class Rows(NamedTuple):
    """The rows of some customers whose ids follow one another, by table."""

    first: UUID
    last: UUID
    records: int
    customers: int
    labels: bytes
    profiles: bytes
    contact_keys: bytes
    messages: bytes


def make_customers(births: Births, tell: Callable[[Rows], None]) -> None:
    """Make the customers, chunk after chunk."""
    with connect(births.database_url, name="couture-load", autocommit=True) as reader:
        for start in range(0, len(births.born), CHUNK):
            born = births.born[start : start + CHUNK]
            ids = [record for one in born for record in one.record_ids]
            records = {r.record_id: r for r in source_records.live(reader, ids)}
            tell(_rows(born, records))


def _rows(born: Sequence[Born], records: dict[int, Stored]) -> Rows:
    labels, profiles, contacts, messages = [], [], [], []
    count = 0
    for one in born:
        members = [records[r] for r in one.record_ids if r in records]
        if not members:
            continue  # a source took them back meanwhile: relabel has the last word
        change = _born(one, members)
        after, keys, message = outcome(change, {})
        assert after is not None
        assert message is not None
        id_ = bytea(one.customer_id.bytes)
        component = bigint(one.component)
        labels += [row(bigint(r), component, id_) for r in one.record_ids]
        anchor, version = bigint(change.anchor), bigint(after.version)
        profiles.append(row(id_, anchor, version, bytea(after.profile)))
        contacts += [
            row(bytea(kind.encode()), bytea(value.encode()), id_)
            for kind, value in keys
        ]
        messages.append(_message(message))
        count += len(one.record_ids)
    return Rows(
        born[0].customer_id,
        born[-1].customer_id,
        count,
        len(profiles),
        *(b"".join(rows) for rows in (labels, profiles, contacts, messages)),
    )


def _born(one: Born, members: list[Stored]) -> Change:
    return Change(
        one.customer_id,
        None,
        one.record_ids[0],
        None,
        members,
        sorted(member.key for member in members),
        frozenset(),
        frozenset(),
    )


def _message(message: Message) -> bytes:
    return row(
        bytea(message.topic.encode()),
        bytea(message.key),
        bytea(message.value),
        jsonb(orjson.dumps(dict(message.headers))),
    )


def dealt(database_url: str, born: Sequence[Born], among: int) -> Iterator[Births]:
    """Deal chunks out to so many processes."""
    chunks = [born[i : i + CHUNK] for i in range(0, len(born), CHUNK)]
    for first in range(among):
        mine = [one for chunk in chunks[first::among] for one in chunk]
        if mine:
            yield Births(database_url, mine)
