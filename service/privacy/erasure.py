"""The story of an erasure: one person leaves every table, and a receipt proves it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import orjson

from matching.features.normalise import normalise
from schemas import cloud_event, wire
from schemas.customer_event import CustomerEventType
from schemas.source_record import CustomerRecord
from service.database.clusters import (
    labels,
    model_versions,
)
from service.database.connection.session import Connection
from service.database.customers import customers
from service.database.messages import outbox
from service.database.privacy import (
    erasures,
    suppressions,
)
from service.database.privacy.erasures import Person, StoredErasure
from service.database.sources import dirty
from service.domain import suppression
from service.errors import UnknownCustomer
from service.privacy import receipts
from service.privacy.grounds import Grounds


def erase(
    connection: Connection, customer_id: UUID, *, grounds: Grounds, by: str
) -> StoredErasure:
    """Erase a customer for good and return the receipt; a repeat returns the same.

    The caller commits. Raises UnknownCustomer. Afterwards whatever a source sends of
    the person is refused.
    """
    # A scan of all histories may take longer than what a read is given.
    connection.execute("SET LOCAL statement_timeout = '10min'")
    found = erasures.person(connection, customer_id)
    histories = erasures.other_histories(connection, found) if found else []
    told = erasures.events_of(connection, found) if found else []
    model_versions.lock(connection)
    labels.lock(connection)
    found = erasures.person(connection, customer_id)
    if found is None:
        return _erased_already(connection, customer_id)
    erasure_id = uuid4()
    marks = _suppress(connection, found, erasure_id)
    removed = _remove(connection, found, told)
    erasures.remove_histories(connection, histories)
    _tell(connection, found)
    erased = _receipt(
        connection,
        StoredErasure(erasure_id, customer_id, grounds, by, datetime.now(UTC), ""),
        {"removed": removed, "suppressed": marks},
    )
    erasures.add(connection, erased)
    return erased


def _erased_already(connection: Connection, customer_id: UUID) -> StoredErasure:
    earlier = erasures.by_customer(connection, customer_id)
    if earlier is None:
        raise UnknownCustomer("No customer has this id.")
    return earlier


def _suppress(connection: Connection, found: Person, erasure_id: UUID) -> int:
    people = map(CustomerRecord.model_validate, found.records)
    marks = suppression.every_mark(map(normalise, people))
    marks |= {suppression.record_mark(key) for key in found.record_keys}
    marks |= {suppression.fact_mark(kind, key) for kind, key in found.fact_keys}
    return suppressions.add(connection, marks, erasure_id)


def _remove(
    connection: Connection, found: Person, told: Sequence[int]
) -> dict[str, int]:
    others = erasures.neighbours(connection, found.record_ids)
    dirty.mark(connection, [(record_id, False) for record_id in others])
    keys = [key for _, key in _source_messages(found)]
    keys += [str(customer_id).encode() for customer_id in found.customer_ids]
    erasures.remove_reasons(connection, found.record_keys)
    return erasures.remove(connection, found, keys, told)


def _source_messages(found: Person) -> list[tuple[str, bytes]]:
    """Return topic and key under which sources told of the person."""
    told = [(key.system, str(key)) for key in found.record_keys]
    told += [(key.system, f"{kind}/{key}") for kind, key in found.fact_keys]
    return [(wire.source_topic(system), key.encode()) for system, key in told]


def _tell(connection: Connection, found: Person) -> None:
    """Send the tombstones, and the event that a customer is erased."""
    messages = [
        outbox.Message(topic, key, None, {}) for topic, key in _source_messages(found)
    ]
    messages += [
        outbox.Message(wire.DEADLETTERS_TOPIC, key, None, {})
        for _, key in _source_messages(found)
    ]
    messages += [
        outbox.Message(wire.CUSTOMERS_TOPIC, str(id_).encode(), None, {})
        for id_ in found.customer_ids
    ]
    messages += _events(
        found.customer_ids, customers.versions(connection, found.customer_ids)
    )
    outbox.append(connection, messages)


def _events(ids: Sequence[UUID], versions: dict[UUID, int]) -> list[outbox.Message]:
    return [
        outbox.Message(
            wire.EVENTS_TOPIC,
            str(customer_id).encode(),
            orjson.dumps(
                {"customer_id": customer_id, "version": versions[customer_id]}
            ),
            cloud_event.headers(
                id_=f"{customer_id}:{versions[customer_id]}",
                type_=CustomerEventType.ERASED,
                subject=str(customer_id),
                at=datetime.now(UTC),
            ),
        )
        for customer_id in ids
    ]


def _receipt(
    connection: Connection, erasure: StoredErasure, told: dict[str, object]
) -> StoredErasure:
    claims = {
        "erasure_id": str(erasure.erasure_id),
        "customer_id": str(erasure.customer_id),
        "grounds": erasure.grounds,
        "erased_by": erasure.erased_by,
        "erased_at": erasure.erased_at.isoformat(),
        **told,
    }
    key = suppressions.secret(connection, "receipt")
    return erasure._replace(receipt=receipts.signed(claims, key))
