"""What a repair would do about the differences that `verify` found, and doing it.

Nothing is invented: records are resolved again, messages read again, golden records
told again. What needs a person is named and left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from service.database.clusters import labels
from service.database.connection.session import Connection
from service.database.customers import customers
from service.database.sources import dirty
from service.database.verification import repairs
from service.database.verification.consistency_checks import Broken
from service.verification.verify import Report

_RELABEL = (
    "labels_without_record",
    "clusters_without_golden_record",
    "golden_records_without_cluster",
    "golden_records_of_other_records",
    "rebuilt_otherwise",
    "contact_keys_otherwise",
)
_RETELL = ("golden_not_told", "golden_told_otherwise", "golden_told_of_nobody")
_FOR_A_PERSON = ("facts_of_nobody", "retired_ids_astray")


@dataclass
class Plan:
    """The steps of a repair, each guarded like any other work of the resolver."""

    resolve_again: dict[int, bool] = field(default_factory=dict)
    """Record ids, with whether their pairs are scored anew."""
    tell_again: set[UUID] = field(default_factory=set)
    read_from: dict[tuple[str, int], int] = field(default_factory=dict)
    """The first offset to be read again, by topic and partition."""
    forget_position: list[str] = field(default_factory=list)
    """`kind key` of what says something else than the message of its position."""
    forget_contact_keys: set[UUID] = field(default_factory=set)
    write_history: set[UUID] = field(default_factory=set)
    forget_links: list[str] = field(default_factory=list)
    for_a_person: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, int | list[str]]:
        """Return how much each step does; what is for a person by name."""
        steps: dict[str, int | list[str]] = {
            name: len(value) for name, value in vars(self).items()
        }
        return steps | {"for_a_person": self.for_a_person}


def plan(report: Report) -> Plan:
    """Return what would be done; nothing is done yet."""
    made, found = Plan(), report.broken
    _resolve(made, found)
    _read(made, report)
    made.tell_again = _customers(found, *_RETELL)
    made.forget_contact_keys = _customers(found, "contact_keys_of_nobody")
    made.write_history = _customers(found, "history_that_differs")
    made.forget_links = [one.name for one in found.get("links_of_no_record", ())]
    for kind in _FOR_A_PERSON:
        made.for_a_person += [f"{kind}: {one.name}" for one in found.get(kind, ())]
    return made


def _customers(found: Mapping[str, list[Broken]], *kinds: str) -> set[UUID]:
    every = [one.customer_id for kind in kinds for one in found.get(kind, ())]
    return {customer_id for customer_id in every if customer_id is not None}


def _resolve(made: Plan, found: Mapping[str, list[Broken]]) -> None:
    for one in found.get("records_without_customer", ()):
        made.resolve_again[one.record_id or 0] = True
    for kind in _RELABEL:
        for one in found.get(kind, ()):
            if one.record_id is None:
                made.for_a_person.append(f"{kind}: {one.name}")
            else:
                made.resolve_again.setdefault(one.record_id, False)


def _read(made: Plan, report: Report) -> None:
    for kind, places in report.places.items():
        for (topic, partition, offset), one in zip(
            places, report.broken[kind], strict=True
        ):
            first = made.read_from.get((topic, partition), offset)
            made.read_from[topic, partition] = min(first, offset)
            if kind == "captured_otherwise":
                made.forget_position.append(one.name)


def apply(connection: Connection, plan: Plan, *, consumer: str) -> None:
    """Take the steps in one transaction; resolver and relay do what they ask for."""
    with connection.transaction():
        labels.lock(connection)
        repairs.forget_links(connection, plan.forget_links)
        repairs.forget_contact_keys(connection, plan.forget_contact_keys)
        repairs.write_history(connection, plan.write_history)
        repairs.forget_positions(connection, plan.forget_position)
        repairs.read_from(connection, plan.read_from, consumer=consumer)
        customers.tell_again(connection, plan.tell_again)
        dirty.mark(connection, plan.resolve_again.items())
        dirty.expire(connection, list(plan.resolve_again))
