"""Golden records are told again when the broker has forgotten them, and only then."""

from __future__ import annotations

from schemas import wire
from service.relay.republish import republish
from tests.resolver.deliveries import ANNE, BEA, Delivery, customer


def waiting(deliver: Delivery) -> list[tuple[bytes, bytes | None]]:
    """Take the golden records that wait in the outbox."""
    rows = deliver.connection.execute(
        "SELECT message_key, message_value FROM outbox WHERE topic = %s ORDER BY seq",
        [wire.CUSTOMERS_TOPIC],
    ).fetchall()
    deliver.connection.execute("DELETE FROM outbox")
    return [(bytes(key), value and bytes(value)) for key, value in rows]


def test_a_new_topic_gets_every_golden_record_and_every_gone_id(
    deliver: Delivery,
) -> None:
    republish(deliver.connection, "first topic")
    deliver(customer("pos:1", 1, **ANNE), customer("pos:2", 1, **BEA))
    deliver(customer("pos:2", 2))  # a delete
    last = dict(waiting(deliver))
    assert sorted(value is None for value in last.values()) == [False, True]

    assert republish(deliver.connection, "first topic") == 0
    assert waiting(deliver) == []
    assert republish(deliver.connection, "second topic") == 2
    assert dict(waiting(deliver)) == last
    assert republish(deliver.connection, "second topic") == 0
