"""The customers that a relabel touched: profile, history, contact keys, outbox."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from matching.survivorship import StoredMember
from schemas.change_event import RecordKind
from schemas.facts import Consent, Interaction, Order
from service.database.connection.session import Connection
from service.database.customers import customers
from service.database.customers.customers import CustomerRow, CustomerWrite
from service.database.facts import facts
from service.database.messages import outbox
from service.database.sources.source_records import Stored
from service.domain.contact_keys import keys_of
from service.domain.profile import Facts, body_of, document, stored_body
from service.resolver.changes import Change, ChangedCustomers, changes
from service.resolver.customer_events import announcement, event_type
from service.resolver.customer_ids import Succession


class _Fresh(NamedTuple):
    body: bytes | None
    contact_keys: set[tuple[str, str]]


class Outcome(NamedTuple):
    """What a change makes of a customer id; no `after` where it changes nothing."""

    after: CustomerWrite | None
    contact_keys: set[tuple[str, str]]
    message: outbox.Message | None


def customers_of(
    connection: Connection,
    region: ChangedCustomers,
    *,
    heirs: Succession,
    known: Sequence[CustomerRow],
) -> int:
    """Write every changed customer of the region once; return how many changed."""
    touched = changes(region, heirs, known)
    happened = facts_of(connection, [m.record_id for c in touched for m in c.members])
    written: list[CustomerWrite] = []
    contacts: dict[UUID, set[tuple[str, str]]] = {}
    messages: list[outbox.Message] = []
    for change in touched:
        found = outcome(change, happened)
        contacts[change.customer_id] = found.contact_keys
        if found.after is not None and found.message is not None:
            written.append(found.after)
            messages.append(found.message)
    customers.write(connection, written)
    customers.move_anchors(connection, heirs.anchors, known)
    customers.write_contact_keys(connection, contacts)
    outbox.append(connection, messages)
    return len(written)


def outcome(change: Change, happened: Mapping[int, Facts]) -> Outcome:
    """Return what is to be written and told of one change."""
    fresh = _fresh(change, happened)
    after = _after(change, fresh.body)
    message = announcement(change, after) if after is not None else None
    return Outcome(after, fresh.contact_keys, message)


def _fresh(change: Change, happened: Mapping[int, Facts]) -> _Fresh:
    """Return the profile body and contact keys that the members and facts give."""
    if not change.members:
        return _Fresh(None, set())
    members = [StoredMember(m.key, m.record or {}, m.source_at) for m in change.members]
    body, _ = stored_body(members, _together(change.members, happened))
    found_by = [keys_of(member.record) for member in members]
    return _Fresh(body, set[tuple[str, str]]().union(*found_by))


def _after(change: Change, body: bytes | None) -> CustomerWrite | None:
    """Return the customer as it is to be stored, or None if nothing changed."""
    row = change.row
    if row and row.retired_into == change.survivor and _same(row.profile, body):
        return None
    version = row.version + 1 if row else 1
    profile = body and document(change.customer_id, version, body)
    return CustomerWrite(
        change.customer_id,
        change.anchor,
        change.survivor,
        version,
        profile,
        event_type(change),
    )


def _same(profile: bytes | None, body: bytes | None) -> bool:
    return (profile and body_of(profile)) == body


def facts_of(connection: Connection, record_ids: Sequence[int]) -> dict[int, Facts]:
    """Return the facts of each record; four queries, however many the records."""
    found: dict[int, dict[str, list[object]]] = defaultdict(lambda: defaultdict(list))
    for kind, name, model in (
        (RecordKind.ORDER, "orders", Order),
        (RecordKind.INTERACTION, "interactions", Interaction),
        (RecordKind.CONSENT, "consents", Consent),
    ):
        for row in facts.of_records(connection, kind, record_ids):
            fact = model.model_validate(row.record)
            found[row.customer_record_id][name].append((row.key, fact))
    for balance in facts.balances(connection, record_ids):
        found[balance.customer_record_id]["balances"].append(balance[1:])
    return {
        record_id: Facts(**by_name)  # type: ignore[arg-type]
        for record_id, by_name in found.items()
    }


def _together(members: Sequence[Stored], happened: Mapping[int, Facts]) -> Facts:
    each = [happened[m.record_id] for m in members if m.record_id in happened]
    return Facts(
        [one for facts in each for one in facts.orders],
        [one for facts in each for one in facts.interactions],
        [one for facts in each for one in facts.consents],
        [one for facts in each for one in facts.balances],
    )
