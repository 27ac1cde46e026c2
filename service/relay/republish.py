"""Golden records are published again on a topic that has forgotten them."""

from __future__ import annotations

import structlog
from kafka import KafkaProducer

from schemas import wire
from service.database.clusters import labels
from service.database.connection.session import Connection
from service.database.customers import customers
from service.database.messages import offsets
from service.database.messages.offsets import StoredOffset

log = structlog.get_logger()

RELAY = "couture-relay"
_PLACE = (wire.CUSTOMERS_TOPIC, 0)


def republish_if_lost(connection: Connection, producer: KafkaProducer) -> int:
    """Put every golden record into the outbox if `couture.customers` is not the topic
    that was written before; return how many.

    Events are not told again: who missed them reads the golden records.
    """
    producer.partitions_for(wire.CUSTOMERS_TOPIC)  # the topic's id comes with them
    topic_id = str(producer._metadata.topic_id(wire.CUSTOMERS_TOPIC) or "")
    return republish(connection, topic_id)


def republish(connection: Connection, topic_id: str) -> int:
    """Do so, given what tells the topic there is now from an earlier one."""
    known = offsets.read(connection, consumer=RELAY).get(_PLACE)
    if known is not None and known.topic_id == topic_id:
        return 0
    told = 0
    with connection.transaction():
        # Nobody writes a newer golden record until this has its place in the outbox.
        labels.lock(connection)
        if known is not None:
            told = customers.enqueue_all(connection)
        offsets.start(
            connection,
            consumer=RELAY,
            topic=_PLACE[0],
            partition=_PLACE[1],
            stored=StoredOffset(0, topic_id),
        )
    if told:
        log.warning("the broker forgot the golden records: telling all", count=told)
    return told
