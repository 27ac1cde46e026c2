"""Golden records made again from the source records, and compared byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from service.database.connection.session import Connection, connect, snapshot_read
from service.database.sources import source_records
from service.database.verification import rebuild_members
from service.database.verification.consistency_checks import Broken
from service.database.verification.rebuild_members import Standing
from service.domain.profile import body_of, document
from service.resolver.changes import Change
from service.resolver.golden_records import facts_of, outcome
from service.runtime.worker_processes import FEW, PROCESSES, together

CHUNK = 2_000


class Rebuilt(NamedTuple):
    """How many golden records were made again, and which came out otherwise."""

    customers: int
    profiles: list[Broken]
    contact_keys: list[Broken]


@dataclass(frozen=True)
class Task:
    """The customers that one process makes again: every so-many-th chunk of them."""

    database_url: str
    first: int
    of: int


def rebuild(connection: Connection, database_url: str) -> Rebuilt:
    """Make every golden record again by the resolver's own functions; compare.

    Customers that changed meanwhile are looked at once more at the end.
    """
    few = rebuild_members.count(connection) <= FEW
    processes = 1 if few else PROCESSES
    tasks = [Task(database_url, number, processes) for number in range(processes)]
    found = Rebuilt(0, [], [])
    for (some,) in together(make_again, tasks):
        found = _sum(found, some)
    doubtful = {one.customer_id for one in found.profiles + found.contact_keys}
    if not doubtful:
        return found
    with snapshot_read(connection):
        again = _made_again(connection, sorted(one for one in doubtful if one))
    return again._replace(customers=found.customers)


def make_again(task: Task, tell: Callable[[Rebuilt], None]) -> None:
    """Make the customers of a task again, chunk after chunk."""
    with connect(task.database_url, name="couture-verify", autocommit=True) as reader:
        for ids in _chunks(reader, task):
            with snapshot_read(reader):
                tell(_made_again(reader, ids))


def _chunks(reader: Connection, task: Task) -> Iterator[Sequence[UUID]]:
    ids = rebuild_members.customers(reader)
    for start in range(task.first * CHUNK, len(ids), task.of * CHUNK):
        yield ids[start : start + CHUNK]


def _made_again(reader: Connection, ids: Sequence[UUID]) -> Rebuilt:
    standing = rebuild_members.standing(reader, ids)
    record_ids = [record for one in standing for record in one.record_ids]
    records = {one.record_id: one for one in source_records.live(reader, record_ids)}
    happened = facts_of(reader, record_ids)
    found = Rebuilt(len(standing), [], [])
    for one in standing:
        members = [records[r] for r in one.record_ids if r in records]
        change = Change(
            one.row.customer_id,
            one.row,
            one.row.anchor,
            None,
            members,
            [],
            frozenset(),
            frozenset(),
        )
        made = outcome(change, happened)
        broken = Broken(
            str(one.row.customer_id), min(one.record_ids), one.row.customer_id
        )
        if made.after is not None or not _headed(one):
            found.profiles.append(broken)
        if made.contact_keys != one.contact_keys:
            found.contact_keys.append(broken)
    return found


def _headed(one: Standing) -> bool:
    """Return whether the document names its own customer id and version."""
    profile = one.row.profile or b""
    if profile.count(b",") < 2:
        return False
    made = document(one.row.customer_id, one.row.version, body_of(profile))
    return made == profile


def _sum(one: Rebuilt, other: Rebuilt) -> Rebuilt:
    return Rebuilt(
        one.customers + other.customers,
        one.profiles + other.profiles,
        one.contact_keys + other.contact_keys,
    )
