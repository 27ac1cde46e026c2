"""An erased person is nowhere afterwards, whatever is read again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from kafka import KafkaProducer

from schemas import wire
from schemas.change_event import ConsentChange, InteractionChange, Op
from schemas.facts import Consent, Interaction, OrderStatus
from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.privacy import suppressions
from service.database.privacy.erasures import StoredErasure
from service.errors import UnknownCustomer
from service.privacy import erasure, receipts
from service.privacy.grounds import Grounds
from service.relay.relay import relay_once
from service.relay.topics import create_outgoing_topics, create_source_topics
from service.resolver.micro_batch import Message
from service.verification.topics import read
from tests.resolver.deliveries import (
    NOON,
    SOURCE,
    Delivery,
    clusters,
    customer,
    movement,
    order,
)

ZOE: dict[str, Any] = {
    "given_name": "Zoélie",
    "family_name": "Quatrelangues",
    "birth_date": "1987-03-21",
    "emails": ["zoelie.q@mel.example"],
    "phones": ["0698765432"],
    "cards": ["CARD-778899"],
}
OTHER = {
    "given_name": "Basile",
    "family_name": "Quatrelangues",
    "emails": ["basile@mel.example"],
    "phones": ["0698765432"],
}
VALUES = ("zoélie", "zoelie", "1987-03-21", "778899", "till-zoe", "said-by-zoe")


def interaction(key: str, of: str) -> InteractionChange:
    after = Interaction(
        customer=SourceKey.parse(of),
        channel="call",
        kind="call",
        subject="said-by-zoe",
        status="open",
        at=NOON,
    )
    return InteractionChange(
        op=Op.CREATE,
        key=SourceKey.parse(key),
        position=(1,),
        after=after,
        source=SOURCE,
        ts_ms=0,
    )


def consent(key: str, of: str) -> ConsentChange:
    after = Consent(
        customer=SourceKey.parse(of),
        purpose="newsletter",
        channel="email",
        status="withdrawn",
        at=NOON,
        evidence="said-by-zoe",
    )
    return ConsentChange(
        op=Op.CREATE,
        key=SourceKey.parse(key),
        position=(1,),
        after=after,
        source=SOURCE,
        ts_ms=0,
    )


HISTORY = [
    customer("pos:till-zoe", 1, **ZOE),
    customer("web:W-1", 1, **ZOE),
    customer("pos:till-basile", 1, **OTHER),
    order("pos:o-1", 1, "pos:till-zoe", OrderStatus.PLACED),
    movement("loyalty:m-1", "pos:till-zoe", 40),
    movement("loyalty:m-2", "pos:till-basile", 7),
    interaction("desk:i-1", "web:W-1"),
    consent("web:c-1", "web:W-1"),
    customer("pos:till-zoe", 2, **{**ZOE, "preferences": {"size": "40"}}),
]


def malformed(offset: int) -> Message:
    return Message(
        wire.source_topic("pos"),
        "t",
        0,
        offset,
        b"pos:till-zoe",
        '{"email": "zoelie.q@mel.example", "name": "Zoélie"'.encode(),
        [("schema", wire.SCHEMA.encode())],
    )


def everywhere(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield table and row, as text with its bytes read, of the whole database."""
    tables = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    ).fetchall()
    for (table,) in tables:
        for row in connection.execute(f'SELECT * FROM "{table}"'.encode()):
            cells = (
                cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell
                for cell in row
            )
            yield table, " ".join(map(str, cells)).lower()


def found_in(connection: Connection, *values: str) -> set[str]:
    """Return the tables that hold one of the values; the outbox by what it leaves."""
    told = {table for table, row in everywhere(connection) if _says(row, values)}
    if "outbox" not in told:
        return told
    # A tombstone names the key that it removes: look at what is said, not of whom.
    rows = connection.execute("SELECT message_value FROM outbox").fetchall()
    said = [bytes(row[0] or b"").decode("utf-8", "replace").lower() for row in rows]
    return told if any(_says(one, values) for one in said) else told - {"outbox"}


def _says(text: str, values: tuple[str, ...]) -> bool:
    return any(value in text for value in values)


def erase(connection: Connection, key: str) -> StoredErasure:
    with connection.transaction():
        return erasure.erase(
            connection, whose(connection, key), grounds=Grounds.REQUEST, by="dpo"
        )


def whose(connection: Connection, key: str) -> UUID:
    row = connection.execute(
        "SELECT customer_id FROM label JOIN source_record USING (record_id)"
        " WHERE system || ':' || id = %s",
        [key],
    ).fetchone()
    assert row
    found: UUID = row[0]
    return found


@pytest.fixture
def zoe(deliver: Delivery) -> Delivery:
    """A person in two systems, with a neighbour who shares her phone."""
    for event in HISTORY:
        deliver(event)
    deliver.fold([malformed(deliver.next[wire.source_topic("pos"), 0])])
    return deliver


def test_an_erased_person_is_in_no_table_even_after_the_whole_log_is_read_again(
    zoe: Delivery, connection: Connection
) -> None:
    assert {"source_record", "customer", "profile_history", "dead_letter"} <= found_in(
        connection, *VALUES
    )
    points = connection.execute("SELECT count(*) FROM loyalty_movement").fetchone()
    assert points == (2,)

    erase(connection, "web:W-1")

    assert clusters(connection) == {frozenset({"pos:till-basile"})}
    assert found_in(connection, *VALUES) == set()
    zoe(*HISTORY)
    for event in HISTORY:
        zoe(event)
    zoe.fold([malformed(zoe.next[wire.source_topic("pos"), 0])])

    assert found_in(connection, *VALUES) == set()
    assert clusters(connection) == {frozenset({"pos:till-basile"})}
    kept = connection.execute("SELECT id FROM loyalty_movement").fetchall()
    assert kept == [("m-2",)]


def test_what_stewards_proposed_and_channels_were_told_goes_too(
    zoe: Delivery, connection: Connection
) -> None:
    connection.execute(
        "INSERT INTO review (kind, a, b, why) SELECT 'undecided',"
        " min(record_id), max(record_id), '' FROM source_record"
        " WHERE id IN ('till-zoe', 'till-basile')"
    )
    # of a case that is open, and of one that has closed by itself
    connection.execute(
        "INSERT INTO proposed_decision (review_id, verdict, reason, name)"
        " SELECT review_id, 'same', 'Zoélie moved', 'Camille' FROM review"
        " UNION SELECT 999999, 'same', 'Zoélie again', 'Camille'"
    )
    connection.execute(
        "INSERT INTO feed_event (type, event) VALUES ('couture.customer.unmerged',"
        ' \'{"subject": "x", "data": {"moved": ["pos:till-zoe"]}}\'),'
        " ('couture.customer.changed', jsonb_build_object('subject', %s::text)),"
        " ('couture.customer.changed', '{\"subject\": \"another\"}')",
        [str(whose(connection, "web:W-1"))],
    )

    erase(connection, "web:W-1")

    assert found_in(connection, *VALUES) == set()
    left = connection.execute("SELECT event ->> 'subject' FROM feed_event").fetchall()
    assert left == [("another",)]


def test_the_last_word_on_every_topic_of_hers_is_a_tombstone(
    zoe: Delivery, connection: Connection, broker: str
) -> None:
    customer_id = whose(connection, "web:W-1")
    sources = [wire.source_topic(name) for name in ("pos", "web", "loyalty", "desk")]
    create_outgoing_topics(broker)
    create_source_topics(broker, sources)
    producer = KafkaProducer(bootstrap_servers=broker, acks="all")
    while relay_once(connection, producer):
        pass

    erase(connection, "web:W-1")
    while relay_once(connection, producer):
        pass
    producer.close()

    last = {
        (topic, message.key): message.value
        for topic in (*sources, wire.CUSTOMERS_TOPIC)
        for message in read(broker, topic)
    }
    assert last[wire.CUSTOMERS_TOPIC, str(customer_id).encode()] is None
    hers = {(wire.source_topic("pos"), b"pos:till-zoe"), (sources[1], b"web:W-1")}
    assert hers <= last.keys()
    assert all(last[one] is None for one in hers)


def test_another_connector_cannot_bring_her_back_under_another_key(
    zoe: Delivery, connection: Connection
) -> None:
    erase(connection, "web:W-1")

    zoe(order("desk:o-9", 1, "desk:D-9", OrderStatus.PLACED))  # before its customer
    zoe(
        customer(
            "desk:D-9",
            1,
            full_name="Zoélie QUATRELANGUES",
            emails=["ZOELIE.Q@mel.example"],
        ),
        interaction("desk:i-9", "desk:D-9"),
    )
    zoe(customer("shop:S-1", 1, emails=["zoelie.q@mel.example"]))
    zoe(customer("shop:S-2", 1, given_name="Z", cards=["card 778899"]))

    assert found_in(connection, *VALUES) == set()
    assert clusters(connection) == {frozenset({"pos:till-basile"})}
    for table in ("customer_order", "interaction"):
        assert connection.execute(f"SELECT FROM {table}".encode()).rowcount == 0
    refused = connection.execute(
        "SELECT message_key, message_value FROM dead_letter WHERE reason = 'suppressed'"
    ).fetchall()
    assert refused == [(None, None)] * 4


def test_her_neighbour_who_shares_a_phone_goes_on_as_before(
    zoe: Delivery, connection: Connection
) -> None:
    erase(connection, "web:W-1")

    zoe(customer("pos:till-basile", 2, **{**OTHER, "language": "fr"}))

    row = connection.execute(
        "SELECT profile FROM customer WHERE customer_id = %s",
        [whose(connection, "pos:till-basile")],
    ).fetchone()
    assert row
    assert b'"fr"' in bytes(row[0])


def test_tombstones_go_to_every_topic_that_told_of_her(
    zoe: Delivery, connection: Connection
) -> None:
    customer_id = whose(connection, "web:W-1")

    erase(connection, "web:W-1")

    rows = connection.execute(
        "SELECT topic, convert_from(message_key, 'UTF8') FROM outbox"
        " WHERE message_value IS NULL"
    ).fetchall()
    assert {
        ("couture.source.pos", "pos:till-zoe"),
        ("couture.source.pos", "order/pos:o-1"),
        ("couture.source.web", "consent/web:c-1"),
        ("couture.deadletters", "pos:till-zoe"),
        ("couture.customers", str(customer_id)),
    } <= set(rows)
    event = connection.execute(
        "SELECT message_headers->>'ce_type' FROM outbox WHERE topic = 'couture.events'"
        " AND message_key = %s",
        [str(customer_id).encode()],
    ).fetchall()
    assert event == [("couture.customer.erased",)]


def test_a_tombstone_that_comes_back_by_its_topic_is_no_dead_letter(
    zoe: Delivery, connection: Connection
) -> None:
    erase(connection, "web:W-1")
    offset = zoe.next[wire.source_topic("pos"), 0]
    before = connection.execute("SELECT FROM dead_letter").rowcount

    zoe.fold(
        [Message(wire.source_topic("pos"), "t", 0, offset, b"pos:till-zoe", None, [])]
    )

    assert connection.execute("SELECT FROM dead_letter").rowcount == before


def test_the_receipt_proves_itself_and_a_repeat_returns_the_same(
    zoe: Delivery, connection: Connection
) -> None:
    customer_id = whose(connection, "web:W-1")
    done = erase(connection, "web:W-1")

    with connection.transaction():
        again = erasure.erase(
            connection, customer_id, grounds=Grounds.COURT, by="another"
        )

    secret = suppressions.secret(connection, "receipt")
    claims = receipts.verified(done.receipt, secret)
    assert again == done
    assert claims
    assert claims["removed"]["source_record"] == 2
    assert claims["customer_id"] == str(customer_id)
    head, body, seal = done.receipt.split(".")
    assert receipts.verified(f"{head}.{body[:-2]}AA.{seal}", secret) is None
    assert receipts.verified(done.receipt, bytes(32)) is None


def test_nobody_is_erased_by_an_unknown_id(connection: Connection) -> None:
    with pytest.raises(UnknownCustomer), connection.transaction():
        erasure.erase(connection, UUID(int=1), grounds=Grounds.REQUEST, by="dpo")


def test_a_person_who_comes_back_is_let_in_when_readmitted(
    zoe: Delivery, connection: Connection
) -> None:
    done = erase(connection, "web:W-1")

    assert suppressions.lift(connection, done.erasure_id) > 0
    zoe(customer("web:W-2", 1, **ZOE))

    assert any("web:W-2" in one for one in clusters(connection))
