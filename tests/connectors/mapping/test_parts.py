"""A customer of several tables, and tables whose ids may meet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Row, StopSource
from connectors.files.map_file import check
from connectors.mapping.marked_yaml import MappingError
from connectors.mapping.rows_to_events import Mapping, Reject
from schemas.change_event import CustomerChange, Op, RecordPart

SHOP = """
tables:
  account:
    kind: customer
    id: id
    fields: { full_name: name, emails: [email] }
    parts:
      address:
        customer: account_id
        id: id
        deleted: removed
        fields:
          phones: [phone]
          addresses: { fields: { city: town } }
"""


def mapping(tmp_path: Path, text: str = SHOP) -> Mapping:
    path = tmp_path / "mapping.yaml"
    path.write_text(text, "utf-8")
    return Mapping.load(path, system="shop", connector="test")


def said(found: Mapping, **row: Any) -> list[tuple[str, str, RecordPart | None]]:
    row = {"op": Op.UPDATE, "position": (1,), **row}
    events = list(found.events(Row(table="address", **row)))
    for event in events:
        assert isinstance(event, CustomerChange), event
    return [
        (str(event.op), str(event.key), event.part)
        for event in events
        if isinstance(event, CustomerChange)
    ]


def home(row: str) -> RecordPart:
    return RecordPart(table="address", row=row)


def test_a_row_of_a_part_tells_of_whom_it_is_and_which_row_it_is(
    tmp_path: Path,
) -> None:
    payload = {"id": 7, "account_id": 12, "phone": "0611223344", "town": "Lyon"}
    found = mapping(tmp_path)
    (event,) = found.events(Row("address", Op.CREATE, payload, (1,)))

    assert isinstance(event, CustomerChange)
    assert (str(event.key), event.part) == ("shop:12", home("7"))
    assert event.after is not None
    assert event.after.phones == ["0611223344"]
    assert event.raw == payload
    assert found.ids == {
        "account": (frozenset({"id"}),),
        "address": (frozenset({"account_id"}), frozenset({"id"})),
    }


def test_a_part_moves_with_its_foreign_key_and_goes_with_its_row(
    tmp_path: Path,
) -> None:
    found = mapping(tmp_path)
    now, before = {"id": 7, "account_id": 12}, {"id": 7, "account_id": 11}

    assert said(found, payload=now, before=before) == [
        ("d", "shop:11", home("7")),
        ("u", "shop:12", home("7")),
    ]
    assert said(found, payload=now, op=Op.DELETE) == [("d", "shop:12", home("7"))]
    gone = [("d", "shop:12", home("7"))]
    assert said(found, payload={**now, "removed": True}) == gone


def test_a_part_of_nobody_says_nothing(tmp_path: Path) -> None:
    found = mapping(tmp_path)
    nobody, somebody = {"id": 7, "account_id": None}, {"id": 7, "account_id": 11}

    assert said(found, payload=nobody) == []
    assert said(found, payload=nobody, before=somebody) == [("d", "shop:11", home("7"))]
    assert said(found, payload=somebody, before=nobody) == [("u", "shop:11", home("7"))]


def test_a_part_without_its_own_id_is_set_aside(tmp_path: Path) -> None:
    (reject,) = mapping(tmp_path).events(
        Row("address", Op.CREATE, {"account_id": 1}, (1,))
    )

    assert isinstance(reject, Reject)
    assert reject.reason == "customer.id: is missing: the row has no identity"


def test_a_table_can_give_a_part_and_records_of_its_own(tmp_path: Path) -> None:
    text = SHOP + (
        "  address:\n    kind: customer\n    id: \"join('-', ['a', to_string(id)])\"\n"
        "    when: guest\n    fields: { phones: [phone] }\n"
    )
    row = {"id": 7, "account_id": 12, "guest": True, "phone": "0611223344"}

    assert said(mapping(tmp_path, text), payload=row) == [
        ("u", "shop:12", home("7")),
        ("u", "shop:a-7", None),
    ]


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("        id: id\n        deleted", "        deleted", "`id` is missing"),
        ("        customer: account_id\n", "", "`customer` is missing"),
        ("        customer:", "        kind: customer\n        customer:", "'kind'"),
        ("      address:\n", "      address: id\n      other:\n", "part 'address'"),
    ],
)
def test_what_is_no_part_is_refused_with_its_line(
    tmp_path: Path, before: str, after: str, problem: str
) -> None:
    with pytest.raises(MappingError, match=problem):
        mapping(tmp_path, SHOP.replace(before, after, 1))


def test_only_customers_have_parts(tmp_path: Path) -> None:
    fields = "customer: of, status: status, channel: desk, kind: kind, at: at"
    ticket = SHOP.replace("kind: customer", "kind: interaction").replace(
        "full_name: name, emails: [email]", fields
    )
    with pytest.raises(MappingError, match="only a customer has `parts`"):
        mapping(tmp_path, ticket)


def test_a_bulk_load_does_not_take_one_table_of_several(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("id,name\n1,Anne\n")

    with pytest.raises(StopSource, match="from several tables"):
        check(path, mapping(tmp_path), "account")


TWO = """
tables:
  account:
    kind: customer
    id: {first}
    fields: {{ full_name: name }}
  supplier:
    kind: {kind}
    id: {second}
    {more}
    fields: {{ full_name: name }}
"""


def two(tmp_path: Path, *, first: str, second: str, more: str = "") -> Mapping:
    text = TWO.format(first=first, second=second, more=more, kind="customer")
    return mapping(tmp_path, text)


@pytest.mark.parametrize(
    ("first", "second"),
    [("id", "id"), ("id", "number"), ("'[a, b]'", "'[c, d]'"), ("id", "a || b")],
)
def test_two_tables_whose_ids_may_meet_are_refused(
    tmp_path: Path, first: str, second: str
) -> None:
    with pytest.raises(MappingError, match="'account' and 'supplier' both give") as bad:
        two(tmp_path, first=first, second=second)
    assert bad.value.line == 7
    assert "under that one's `parts`" in str(bad.value)


@pytest.mark.parametrize(
    ("first", "second", "more"),
    [
        ("id", "\"join('-', ['s', to_string(id)])\"", ""),
        ("id", "'[shop, id]'", ""),
        ("id", "id", "distinct_ids: true"),
    ],
)
def test_ids_that_never_meet_are_no_clash(
    tmp_path: Path, first: str, second: str, more: str
) -> None:
    assert len(two(tmp_path, first=first, second=second, more=more).tables) == 2


def test_one_table_gives_either_of_two_records_by_a_condition(tmp_path: Path) -> None:
    one = "    - {{kind: customer, id: id, fields: {{full_name: n}}{}}}\n"
    head = "tables:\n  account:\n"
    both = one.format(", when: person") + one.format(", when: firm")
    assert mapping(tmp_path, head + both).kinds

    with pytest.raises(MappingError, match="'account' and 'account'"):
        mapping(tmp_path, head + one.format("") * 2)
