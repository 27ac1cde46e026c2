"""Messages as Kafka would deliver them, and what the database holds afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from schemas import wire
from schemas.change_event import (
    ChangeEvent,
    CustomerChange,
    MovementChange,
    Op,
    OrderChange,
    Source,
)
from schemas.facts import LoyaltyMovement, MovementKind, Order, OrderStatus
from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from service.database.connection.session import Connection
from service.database.messages import offsets
from service.database.messages.offsets import StoredOffset
from service.resolver.micro_batch import Message, decode
from service.resolver.resolve import ActiveModel, resolve

SOURCE = Source(connector="test", table="customer", ts_ms=1_760_000_000_000)
NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
CONSUMER = "test"
ANNE = {"given_name": "Anne", "emails": ["anne@x.fr"], "phones": ["0611223344"]}
BEA = {"given_name": "Bea", "emails": ["bea@x.fr"], "phones": ["0655667788"]}


def customer(key: str, position: int, **fields: Any) -> CustomerChange:
    """Return a change of one customer; without fields, a delete."""
    return CustomerChange(
        op=Op.UPDATE if fields else Op.DELETE,
        key=SourceKey.parse(key),
        position=(position,),
        after=CustomerRecord(**fields) if fields else None,
        source=SOURCE,
        ts_ms=0,
    )


def order(key: str, position: int, owner: str, status: OrderStatus) -> OrderChange:
    """Return a change of one order."""
    after = Order(
        customer=SourceKey.parse(owner), channel="web", status=status, placed_at=NOON
    )
    return OrderChange(
        op=Op.UPDATE,
        key=SourceKey.parse(key),
        position=(position,),
        after=after,
        source=SOURCE,
        ts_ms=0,
    )


def movement(key: str, account: str, points: int, *, position: int = 1) -> ChangeEvent:
    """Return one line of a loyalty ledger."""
    after = LoyaltyMovement(
        account=SourceKey.parse(account),
        programme="club",
        unit="points",
        amount=points,
        kind=MovementKind.EARN if points > 0 else MovementKind.BURN,
        at=NOON,
    )
    return MovementChange(
        op=Op.CREATE,
        key=SourceKey.parse(key),
        position=(position,),
        after=after,
        source=SOURCE,
        ts_ms=0,
    )


def message(event: ChangeEvent, offset: int) -> Message:
    """Return the event as partition 0 of its topic delivers it."""
    key, value, headers = wire.encode(event)
    topic = wire.source_topic(event.key.system)
    return Message(topic, "t", 0, offset, key, value, [*headers])


class Delivery:
    """Delivers events in micro-batches, keeping the offsets as Kafka would."""

    def __init__(self, connection: Connection, judge: ActiveModel) -> None:
        self.connection = connection
        self.judge = judge
        self.next: dict[tuple[str, int], int] = {}

    def messages(self, events: Sequence[ChangeEvent]) -> list[Message]:
        """Return the events at the next offsets of their topics."""
        found = []
        reached = dict(self.next)
        for event in events:
            place = (wire.source_topic(event.key.system), 0)
            if place not in self.next:
                self.next[place] = reached[place] = 0
                offsets.start(
                    self.connection,
                    consumer=CONSUMER,
                    topic=place[0],
                    partition=0,
                    stored=StoredOffset(0, "t"),
                )
            found.append(message(event, reached[place]))
            reached[place] += 1
        return found

    def __call__(self, *events: ChangeEvent) -> int:
        """Resolve the events as one micro-batch."""
        return self.fold(self.messages(events))

    def fold(self, messages: Sequence[Message]) -> int:
        """Resolve the messages and move on."""
        batch = decode(messages, expected=self.next)
        changed = resolve(self.connection, batch, judge=self.judge, consumer=CONSUMER)
        for step in batch.advances:
            self.next[step.topic, step.partition] = step.next_offset
        return changed


def clusters(connection: Connection) -> set[frozenset[str]]:
    """Return the customers as sets of source keys."""
    rows = connection.execute(
        "SELECT array_agg(s.system || ':' || s.id) FROM label"
        " JOIN source_record s USING (record_id) GROUP BY customer_id"
    )
    return {frozenset(row[0]) for row in rows}


def profiles(connection: Connection) -> list[dict[str, Any]]:
    """Return the profiles of all live customers, without ids and versions."""
    rows = connection.execute(
        "SELECT profile FROM customer"
        " WHERE retired_into IS NULL AND profile IS NOT NULL"
    )
    found = [orjson.loads(row[0]) for row in rows]
    for profile in found:
        del profile["customer_id"], profile["version"]
    return sorted(found, key=lambda profile: orjson.dumps(profile["source_keys"]))
