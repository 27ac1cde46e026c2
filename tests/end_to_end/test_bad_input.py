"""Messages that no retry can read: set aside with reason and place; the others pass."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaError

from schemas import wire
from schemas.change_event import CustomerChange, Op, Source
from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from tests.end_to_end import check_topics
from tests.end_to_end.installation import STEADY_S, Installation

pytestmark = [pytest.mark.turn(4), pytest.mark.timeout(900)]
TOPIC = wire.source_topic("pos")
HEADERS = [("schema", wire.SCHEMA.encode())]
Place = tuple[str, int, int]


def change(record_id: str, position: int, *, alive: bool = True) -> CustomerChange:
    """Return a good change of a customer of the tills, or its delete."""
    return CustomerChange(
        op=Op.UPDATE if alive else Op.DELETE,
        key=SourceKey("pos", record_id),
        position=(2**62, position),
        after=CustomerRecord(given_name="Ada") if alive else None,
        source=Source(connector="test", table="customer"),
        ts_ms=int(datetime(2026, 5, 3, tzinfo=UTC).timestamp() * 1000),
    )


def with_field(**fields: Any) -> bytes:
    """Return a good message, but for some fields of the record."""
    message = json.loads(wire.encode(change("BAD", 1))[1])
    message["after"] |= fields
    return json.dumps(message).encode()


def of_another_system() -> bytes:
    """Return a good message of a system whose topic this is not."""
    return wire.encode(change("BAD", 1))[1].replace(b"pos:BAD", b"loyalty:BAD")


BAD: dict[str, tuple[bytes, Any, str]] = {
    "not JSON": (b'{"kind": "customer",', HEADERS, "not_json"),
    "no text at all": (b"\xff\xfe\x00", HEADERS, "not_json"),
    "empty": (b"", HEADERS, "empty"),
    "the wrong shape": (b'{"kind": "customer", "op": "u"}', HEADERS, "wrong_shape"),
    "a list": (b"[1, 2, 3]", HEADERS, "wrong_shape"),
    "a NUL": (with_field(given_name="A\x00da"), HEADERS, "unstorable_text"),
    "a lone surrogate": (
        with_field(given_name="X").replace(b'"X"', b'"\\ud800"'),
        HEADERS,
        "unstorable_text",
    ),
    "a date in year 0": (with_field(birth_date="0000-01-01"), HEADERS, "wrong_shape"),
    "a field of 10 MB": (with_field(given_name="x" * 10_000_000), HEADERS, "too_large"),
    "an unknown schema": (
        with_field(),
        [("schema", b"change_event/9")],
        "unknown_schema",
    ),
    "no schema": (with_field(), [], "unknown_schema"),
    "another system": (of_another_system(), HEADERS, "wrong_system"),
}


@pytest.fixture(scope="module")
def set_aside(journey: Installation) -> dict[str, Place]:
    """Send every bad message between two good ones; return the places of the bad."""
    journey.parts.until(
        lambda: any(topic == TOPIC for topic, _ in journey.ends()),
        within=STEADY_S,
        what="the topic of the tills is there",
    )
    producer = KafkaProducer(
        bootstrap_servers=journey.bootstrap, acks="all", max_request_size=32 * 1024**2
    )
    places: dict[str, Place] = {}

    def send(key: bytes, value: bytes, headers: Any) -> Place:
        future = producer.send(
            TOPIC, key=key, value=value, headers=headers, partition=0
        )
        sent = future.get(timeout=30)
        return sent.topic, sent.partition, sent.offset

    try:
        for number, (name, (value, headers, _)) in enumerate(BAD.items()):
            send(*wire.encode(change(f"GOOD-{number}", 1)))
            places[name] = send(b"customer/pos:BAD", value, headers)
        send(*wire.encode(change(f"GOOD-{len(BAD)}", 1)))
    finally:
        producer.close()
    journey.parts.until(journey.caught_up, within=STEADY_S, what="all was read")
    return places


def test_good_messages_around_bad_ones_take_effect(
    journey: Installation, set_aside: dict[str, Place], withdraw: Callable[[], None]
) -> None:
    with journey.connect() as connection:
        good = connection.execute(
            "SELECT count(*) FROM source_record JOIN label USING (record_id)"
            " WHERE id LIKE 'GOOD-%'"
        ).fetchone()
    withdraw()
    assert good == (len(BAD) + 1,)


@pytest.fixture
def withdraw(journey: Installation) -> Callable[[], None]:
    """Delete the good ones again: no source holds them."""

    gone = [
        wire.encode(change(f"GOOD-{number}", 2, alive=False))
        for number in range(len(BAD) + 1)
    ]

    def sent() -> bool:
        # as the relay does: an error is met by a new producer, and all is sent again
        producer = KafkaProducer(bootstrap_servers=journey.bootstrap, acks="all")
        try:
            for key, value, headers in gone:
                future = producer.send(
                    TOPIC, key=key, value=value, headers=headers, partition=0
                )
                future.get(timeout=30)
        except KafkaError:
            return False
        finally:
            producer.close()
        return True

    def delete() -> None:
        journey.parts.until(sent, within=STEADY_S, what="the good ones are withdrawn")
        journey.parts.until(journey.caught_up, within=STEADY_S, what="all was read")

    return delete


@pytest.mark.parametrize("name", BAD)
def test_a_bad_message_is_set_aside_with_its_reason_and_place(
    journey: Installation, set_aside: dict[str, Place], name: str
) -> None:
    with journey.connect() as connection:
        stored = connection.execute(
            "SELECT reason, message_value FROM dead_letter"
            ' WHERE (topic, partition, "offset") = (%s, %s, %s)',
            set_aside[name],
        ).fetchall()
    value, _, reason = BAD[name]
    assert [(r, bytes(v or b"")) for r, v in stored] == [(reason, value)]


def test_every_bad_message_is_told_on_the_dead_letter_topic(
    journey: Installation, set_aside: dict[str, Place]
) -> None:
    told = {
        (
            m.headers["topic"].decode(),
            int(m.headers["partition"]),
            int(m.headers["offset"]),
        ): m.headers["reason"].decode()
        for m in check_topics.read_all(journey.bootstrap, [wire.DEADLETTERS_TOPIC])
        if "offset" in m.headers
    }
    assert {place: told.get(place) for place in set_aside.values()} == {
        set_aside[name]: reason for name, (_, _, reason) in BAD.items()
    }
