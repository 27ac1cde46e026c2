"""The checker is checked: every planted difference is found, and none without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from schemas import wire
from tests.end_to_end import writes
from tests.end_to_end.check_sources import read_sources
from tests.end_to_end.check_topics import Message
from tests.end_to_end.checker import Outside, Truth, findings, iter_findings, outside
from tests.end_to_end.installation import STEADY_S, Installation
from tests.end_to_end.quiescence import come_to_rest

pytestmark = [pytest.mark.turn(1), pytest.mark.timeout(900)]
ANY_CUSTOMER = (
    "(SELECT min(customer_id::text)::uuid FROM customer WHERE profile IS NOT NULL)"
)
ANY_RECORD = "(SELECT min(record_id) FROM source_record WHERE record IS NOT NULL)"

IN_TABLES = {
    "a lost customer": f"DELETE FROM source_record WHERE record_id = {ANY_RECORD}",
    "a record as it was before": "UPDATE source_record SET record ="
    f' record || \'{{"emails": ["old@x.fr"]}}\' WHERE record_id = {ANY_RECORD}',
    "an order with an old status": "UPDATE customer_order SET record ="
    ' record || \'{"status": "cancelled"}\'',
    "an order with another amount": "UPDATE customer_order SET record ="
    ' record || \'{"total": "1.00"}\'',
    "a lost ticket": "DELETE FROM interaction",
    "a lost ledger line": "DELETE FROM loyalty_movement WHERE id = '8000000'",
    "a doubled ledger line": "INSERT INTO loyalty_movement SELECT system,"
    " id || '-again', position, customer_record_id, programme, unit, amount, kind, at,"
    " order_key, expires_on, raw FROM loyalty_movement",
    "a record that its source deleted": "INSERT INTO source_record (system, id,"
    " position, record, features) VALUES ('pos', 'GHOST', '{1}', '{}', '{}')",
    "a changed byte of a profile": "UPDATE customer SET profile ="
    f" set_byte(profile, 90, 88) WHERE customer_id = {ANY_CUSTOMER}",
    "a lost label": f"DELETE FROM label WHERE record_id = {ANY_RECORD}",
    "a record with another customer": "UPDATE label SET customer_id = uuidv7()"
    f" WHERE record_id = {ANY_RECORD}",
    "a lost contact key": "DELETE FROM contact_key WHERE kind = 'card'",
    "a contact key too many": "INSERT INTO contact_key VALUES ('email', 'x@x.fr',"
    f" {ANY_CUSTOMER})",
    "a lost link": "DELETE FROM link",
    "another weight": "UPDATE link SET weight = weight + 0.001",
    "other features": "UPDATE source_record SET features ="
    f' features || \'{{"given_name": "x"}}\' WHERE record_id = {ANY_RECORD}',
    "a version too many": "UPDATE customer SET version = version + 1"
    f" WHERE customer_id = {ANY_CUSTOMER}",
    "a rest in the outbox": "INSERT INTO outbox (topic, message_headers)"
    " VALUES ('couture.events', '{}')",
    "a dirty mark": f"INSERT INTO dirty VALUES ({ANY_RECORD}, 1, true)",
}


@pytest.fixture(scope="module")
def settled(journey: Installation) -> tuple[Truth, Outside]:
    """A journey at rest with a person in every system, and all that it left outside."""
    for act in writes.canary():
        journey.systems.apply(act)
    come_to_rest(journey, within=STEADY_S)
    truth = Truth(read_sources(journey.systems), {"CANARY": 42}, writes.SECRETS)
    return truth, outside(journey.bootstrap, journey.parts.directory)


def test_nothing_planted_nothing_found(
    journey: Installation, settled: tuple[Truth, Outside]
) -> None:
    with journey.connect() as connection:
        assert findings(connection, *settled) == []


@pytest.mark.parametrize("planted", IN_TABLES)
def test_a_difference_in_a_table_is_found(
    journey: Installation, settled: tuple[Truth, Outside], planted: str
) -> None:
    with (
        journey.connect() as connection,
        connection.transaction(force_rollback=True),
    ):
        changed = connection.execute(IN_TABLES[planted].encode())
        assert changed.rowcount > 0
        assert next(iter_findings(connection, *settled), None)


def _without_first(messages: Sequence[Message], topic: str) -> list[Message]:
    first = next(m for m in messages if m.topic == topic)
    return [m for m in messages if m is not first]


def _told_again_otherwise(messages: Sequence[Message]) -> list[Message]:
    event = next(m for m in messages if m.topic == wire.EVENTS_TOPIC)
    return [*messages, event._replace(value=b"{}")]


def _old_golden_record_last(messages: Sequence[Message]) -> list[Message]:
    first = next(m for m in messages if m.topic == wire.CUSTOMERS_TOPIC)
    return [*messages, first._replace(value=b"{}")]


def _captured_later(messages: Sequence[Message]) -> list[Message]:
    """Plant a change that was captured and never took effect."""
    sale = next(m for m in messages if m.key.startswith(b"order/pos:"))
    event = wire.decode(sale.value, [*sale.headers.items()], topic=sale.topic)
    later = event.model_copy(update={"position": (2**62,)})
    return [*messages, sale._replace(value=wire.encode(later)[1], offset=10**9)]


def _unreadable(messages: Sequence[Message]) -> list[Message]:
    source = next(m for m in messages if m.topic == "couture.source.pos")
    return [*messages, source._replace(value=b"{", offset=10**9)]


OUTSIDE: dict[str, Callable[[Sequence[Message]], list[Message]]] = {
    "a dropped event": lambda m: _without_first(m, wire.EVENTS_TOPIC),
    "an event told again, otherwise": _told_again_otherwise,
    "an old golden record at the end": _old_golden_record_last,
    "a captured change without effect": _captured_later,
    "an unreadable message without dead letter": _unreadable,
}


@pytest.mark.parametrize("planted", OUTSIDE)
def test_a_difference_in_a_topic_is_found(
    journey: Installation, settled: tuple[Truth, Outside], planted: str
) -> None:
    truth, left = settled
    wrong = replace(left, messages=OUTSIDE[planted](left.messages))
    with journey.connect() as connection:
        assert next(iter_findings(connection, truth, wrong), None)


def test_an_event_sent_again_is_no_finding(
    journey: Installation, settled: tuple[Truth, Outside]
) -> None:
    truth, left = settled
    tail = [m for m in left.messages if m.topic.startswith("couture.events")][-3:]
    with journey.connect() as connection:
        again = replace(left, messages=[*left.messages, *tail])
        assert findings(connection, truth, again) == []


def test_a_person_in_a_log_is_found(
    journey: Installation, settled: tuple[Truth, Outside], tmp_path: Path
) -> None:
    truth, left = settled
    log = tmp_path / "some.log"
    log.write_text(f"matched {writes.CANARY['family'].upper()}")
    with journey.connect() as connection:
        found = findings(connection, truth, replace(left, logs=[*left.logs, log]))
    assert found == ["some.log shows quatrebarbes", "some.log shows oxymel"]
