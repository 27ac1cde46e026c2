"""Rows become change events as the mapping file says, or are set aside."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Row
from connectors.kafka.publisher import Published, message_of
from connectors.mapping.rows_to_events import Mapping, Reject
from connectors.settings import SYSTEMS
from schemas import wire
from schemas.change_event import ChangeEvent, Op, RecordKind

SAMPLES = sorted(SYSTEMS.glob("*/samples/*.json"))


def sample(system: str, table: str) -> dict[str, Any]:
    path = SYSTEMS / system / "samples" / f"{table}.json"
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def mapping_of(system: str) -> Mapping:
    path = SYSTEMS / system / "mapping.yaml"
    return Mapping.load(path, system=system, connector="test")


def mapped(
    system: str, table: str, payload: dict[str, Any], op: Op = Op.READ
) -> list[ChangeEvent | Reject]:
    row = Row(table=table, op=op, payload=payload, position=(7, 1), ts_ms=1)
    return list(mapping_of(system).events(row))


def one(
    system: str, table: str, payload: dict[str, Any], op: Op = Op.READ
) -> ChangeEvent:
    event = mapped(system, table, payload, op)[0]
    assert not isinstance(event, Reject), event.reason
    return event


def written(tmp_path: Path, text: str) -> Mapping:
    path = tmp_path / "mapping.yaml"
    path.write_text(text, "utf-8")
    return Mapping.load(path, system="shop", connector="test")


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_becomes_events_that_can_be_read_back(path: Path) -> None:
    system, payload = path.parts[-3], json.loads(path.read_text("utf-8"))
    events = mapped(system, path.stem, payload)
    assert events
    for event in events:
        assert not isinstance(event, Reject), event.reason
        message = message_of(event, Published())
        assert wire.decode(message.value, message.headers, topic=message.topic) == event
        assert event.raw == payload


def test_a_till_customer_keeps_names_as_typed_and_gets_real_types() -> None:
    after: Any = one("pos", "customer", sample("pos", "customer")).after
    assert after.family_name == "LEFÈVRE"
    assert after.birth_date.isoformat() == "1984-03-09"
    assert after.cards == ["4000123"]
    assert after.addresses[0].postal_code == "75011"
    assert after.preferences == {"favourite_store": "PAR-03"}


def test_a_sale_has_its_lines_and_the_key_of_its_customer() -> None:
    after: Any = one("pos", "sale", sample("pos", "sale")).after
    assert str(after.customer) == "pos:C-1042"
    assert after.total == Decimal("129.90")
    assert [line.sku for line in after.lines] == ["ROBE-38"]


def test_a_member_is_a_customer_and_a_consent() -> None:
    events = mapped("loyalty", "member", sample("loyalty", "member"))
    kinds = [event.kind for event in events if not isinstance(event, Reject)]
    assert kinds == [RecordKind.CUSTOMER, RecordKind.CONSENT]
    consent: Any = events[1]
    assert str(consent.key) == "loyalty:M-9/marketing/email"
    assert consent.after.status == "given"
    assert str(consent.after.customer) == "loyalty:M-9"


def test_a_member_never_asked_has_no_consent() -> None:
    payload = sample("loyalty", "member") | {"opt_in_at": None, "opt_in_email": None}
    assert len(mapped("loyalty", "member", payload)) == 1


def test_a_consent_that_is_taken_out_of_the_row_is_deleted() -> None:
    payload = sample("loyalty", "member") | {"opt_in_at": None}
    event: Any = mapped("loyalty", "member", payload, Op.UPDATE)[1]
    assert (event.op, event.after) == (Op.DELETE, None)


def test_a_delete_that_knows_only_the_key_deletes_all_its_table_feeds() -> None:
    events: list[Any] = mapped("loyalty", "member", {"id": "M-9"}, Op.DELETE)
    assert [(event.op, str(event.key)) for event in events] == [
        (Op.DELETE, "loyalty:M-9"),
        (Op.DELETE, "loyalty:M-9/marketing/email"),
    ]
    assert all(event.raw is None for event in events)


def test_burnt_points_stay_negative() -> None:
    after: Any = one(
        "loyalty", "points_ledger", sample("loyalty", "points_ledger")
    ).after
    assert (after.amount, after.kind) == (Decimal(-200), "burn")


def test_a_shop_order_speaks_our_words_and_its_position_is_time_and_version() -> None:
    event = one("ecommerce", "orders", sample("ecommerce", "orders"))
    after: Any = event.after
    assert after.status == "ready_for_pickup"
    assert after.status_history[0].status == "placed"
    assert after.fulfilment.kind == "pickup"
    assert event.position == (1772442000000000, 3)


def test_a_deletion_mark_makes_a_delete() -> None:
    payload = sample("ecommerce", "customers") | {"deleted": True}
    assert one("ecommerce", "customers", payload).op is Op.DELETE


def test_a_wild_birthday_is_left_out_and_the_customer_kept() -> None:
    payload = sample("ecommerce", "customers") | {"birthday": "00/00/0000"}
    after: Any = one("ecommerce", "customers", payload).after
    assert after.birth_date is None
    assert after.family_name == "lefèvre"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "on the moon"}, "order.status: is a word the vocabulary does not"),
        ({"id": None}, "order.id: is missing"),
        ({"id": " " * 3}, "order.id: is missing"),
        ({"updated_at": None}, "order.position: is missing"),
        ({"version": "x"}, "order.version: is no whole number"),
        ({"currency": "euro"}, "order.currency: String should match"),
        ({"created_at": None}, "order.placed_at: Field required"),
        ({"customer_id": "a\x00b"}, "order.customer: is unfit"),
        ({"note": "a\x00b"}, "order.raw: Value error, holds a NUL character"),
        ({"note": "\ud800"}, "order.raw: Value error, holds a lone surrogate"),
        ({"note": "x" * 70_000}, "order.raw: Value error, holds a text longer"),
    ],
)
def test_a_row_that_cannot_be_mapped_is_set_aside_with_its_reason(
    change: dict[str, Any], reason: str
) -> None:
    [reject] = mapped("ecommerce", "orders", sample("ecommerce", "orders") | change)
    assert isinstance(reject, Reject)
    assert reject.reason.startswith(reason.replace("order.version", "order.position"))


def test_a_reason_never_holds_a_value_of_the_row() -> None:
    payload = sample("ecommerce", "orders") | {"total": "Anne-Sophie", "status": "Anne"}
    [reject] = mapped("ecommerce", "orders", payload)
    assert isinstance(reject, Reject)
    assert "Anne" not in reject.reason


def test_a_rejected_row_travels_whole_to_the_dead_letters() -> None:
    payload = sample("ecommerce", "orders") | {"status": "?", "note": "\ud800\x00"}
    [reject] = mapped("ecommerce", "orders", payload)
    message = message_of(reject, Published())
    headers = dict(message.headers)
    assert message.topic == wire.DEADLETTERS_TOPIC
    assert json.loads(message.value) == payload
    assert (headers["system"], headers["table"]) == (b"ecommerce", b"orders")
    assert headers["position"] == b"7.1"


def test_a_row_larger_than_a_message_is_set_aside_not_crashed_on() -> None:
    payload = sample("pos", "customer") | {f"n{i}": "x" * 60_000 for i in range(20)}
    published = Published()
    message = message_of(one("pos", "customer", payload), published)
    assert message.topic == wire.DEADLETTERS_TOPIC
    assert published.rejects == 1
    assert len(message.value) < wire.LARGEST_MESSAGE
    assert b"truncated" in dict(message.headers) or dict(message.headers)["truncated"]


def test_the_truth_of_febrl_is_not_even_in_the_raw_row() -> None:
    path = SYSTEMS / "febrl" / "mapping.yaml"
    mapping = Mapping.load(path, system="febrl_a", connector="file")
    payload = {"rec_id": "a-0", "surname": "neumann", "cluster": "1070"}
    row = Row(table="person", op=Op.READ, payload=payload, position=(1, 1))
    [event] = mapping.events(row)
    assert not isinstance(event, Reject)
    assert event.raw == {"rec_id": "a-0", "surname": "neumann"}


def test_what_a_spreadsheet_ruined_costs_its_value_and_not_the_row(
    tmp_path: Path,
) -> None:
    mapping = written(
        tmp_path,
        """
tables:
  t:
    kind: customer
    id: id
    fields: { family_name: last, cards: [card], emails: [mail], phones: [phone, more] }
""",
    )
    nan = float("nan")
    payload = {"id": 1.0, "last": "Roux", "card": "2.99001E+12", "mail": nan}
    payload |= {"phone": nan, "more": 612398457.0, "rank": [float("inf"), 10**25]}
    [event] = mapping.events(Row("t", Op.READ, payload, (1,), None, True))
    assert not isinstance(event, Reject)
    after: Any = event.after
    assert (str(event.key), after.family_name) == ("shop:1", "Roux")
    assert (after.cards, after.emails, after.phones) == ([], [], ["612398457"])
    assert event.raw is not None
    assert event.raw["rank"] == ["inf", "10000000000000000000000000"]
    assert (event.raw["mail"], event.raw["more"]) == ("nan", 612398457.0)


def test_a_key_of_another_system_can_be_built(tmp_path: Path) -> None:
    mapping = written(
        tmp_path,
        """
tables:
  moves:
    kind: movement
    id: n
    position: n
    fields:
      account: { from: card, transform: { source_key: loyalty } }
      programme: { constant: club }
      unit: { constant: EUR }
      amount: { from: sum, transform: { decimal: "," } }
      kind: { constant: earn }
      at: { from: at, transform: { timestamp: epoch_ms } }
""",
    )
    payload = {"n": 4, "card": 77, "sum": "1.234,50", "at": 1_700_000_000_123}
    [event] = mapping.events(Row(table="moves", op=Op.CREATE, payload=payload))
    assert not isinstance(event, Reject)
    after: Any = event.after
    assert str(after.account) == "loyalty:77"
    assert after.amount == Decimal("1234.50")
    assert after.at.isoformat() == "2023-11-14T22:13:20.123000+00:00"


GOOD = """tables:
  t:
    kind: customer
    id: id
    fields:
      given_name: first
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("given_name: first", "givenname: first", 6, "unknown field of CustomerRecord"),
        ("given_name: first", "given_name: 'a['", 6, "is no JMESPath expression"),
        (
            "given_name: first",
            "given_name: { from: first, transform: shout }",
            6,
            "unknown transform 'shout'",
        ),
        (
            "given_name: first",
            "given_name:\n        from: first\n        tranform: date",
            8,
            "unknown setting 'tranform'",
        ),
        (
            "given_name: first",
            "addresses:\n        fields:\n          zip: zip",
            8,
            "unknown field of Address",
        ),
        ("kind: customer", "kind: client", 3, "unknown kind 'client'"),
        ("kind: customer", "kind: consent", 6, "unknown field of Consent"),
        ("    id: id\n", "", 3, "`id` is missing"),
        ("id: id", "id: id\n    ide: x", 5, "unknown table setting 'ide'"),
        ("given_name: first", "given_name: first\n      given_name: x", 7, "twice"),
        ("given_name: first", "given_name: [", 7, "is no readable YAML"),
        (
            "given_name: first",
            "given_name: { from: a, transform: { timestamp: { zone: Mars } } }",
            6,
            "unknown time zone",
        ),
        ("given_name: first", "title: 5", 6, "'title' needs an expression"),
        ("id: id", "id: no", 4, "a column so named is written in quotes"),
    ],
)
def test_a_bad_mapping_file_is_refused_naming_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, problem: str
) -> None:
    from connectors.mapping.marked_yaml import MappingError

    with pytest.raises(MappingError) as raised:
        written(tmp_path, GOOD.replace(old, new))
    assert str(raised.value).startswith(f"{tmp_path / 'mapping.yaml'}:{line}: ")
    assert problem in str(raised.value)


def test_a_missing_required_field_is_refused_at_load(tmp_path: Path) -> None:
    text = GOOD.replace("kind: customer", "kind: order").replace(
        "given_name: first", "status: s"
    )
    with pytest.raises(Exception, match="Order needs the field `channel`"):
        written(tmp_path, text)
