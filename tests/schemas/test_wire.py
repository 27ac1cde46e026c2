"""A change event survives its journey over Kafka, and keeps its place in order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from schemas import wire
from schemas.change_event import ChangeEvent, CustomerChange, Op, Source
from schemas.facts import OrderStatus
from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from tests.schemas.strategies import change_events

SOURCE = Source(connector="pos", table="customers")


@given(change_events())
@settings(max_examples=200)
def test_what_is_encoded_is_decoded(event: ChangeEvent) -> None:
    _, value, headers = wire.encode(event)

    topic = wire.source_topic(event.key.system)
    assert wire.decode(value, headers, topic=topic) == event


@given(change_events())
@settings(max_examples=50)
def test_events_of_one_source_record_share_a_partition_key(event: ChangeEvent) -> None:
    later = event.model_copy(update={"ts_ms": event.ts_ms + 1})

    assert wire.encode(event)[0] == wire.encode(later)[0] == wire.partition_key(event)


def test_a_fact_and_a_customer_with_the_same_id_have_different_keys() -> None:
    key = SourceKey("pos", "7")
    customer = CustomerChange(
        op=Op.CREATE,
        key=key,
        position=(1,),
        source=SOURCE,
        ts_ms=1,
        after=CustomerRecord(),
    )

    assert wire.partition_key(customer) == b"pos:7"


@pytest.mark.parametrize("op", Op)
def test_only_a_delete_has_no_after(op: Op) -> None:
    after = CustomerRecord() if op is Op.DELETE else None

    with pytest.raises(ValueError, match="a delete has no `after`"):
        CustomerChange(
            op=op,
            key=SourceKey("pos", "7"),
            position=(1,),
            source=SOURCE,
            ts_ms=1,
            after=after,
        )


def test_a_source_key_reads_what_it_writes() -> None:
    key = SourceKey.parse("pos:C:1042")

    assert (key.system, key.id, str(key)) == ("pos", "C:1042", "pos:C:1042")


@pytest.mark.parametrize(
    "text",
    [
        *("", "pos", ":1", "pos:", "pos: ", "POS:1", "1pos:1", "pos\n:1", "é:1"),
        *("pos:" + "x" * 201, "pos:\x00", "pos:\ud800", "a" * 32 + ":1"),
    ],
)
def test_what_is_no_source_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"system|id|NUL|surrogate"):
        SourceKey.parse(text)


def test_an_order_is_open_until_the_customer_has_it_or_never_will() -> None:
    open_ones = {status.value for status in OrderStatus if status.is_open}

    assert open_ones == {"placed", "paid", "preparing", "ready_for_pickup", "shipped"}
