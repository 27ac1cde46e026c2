"""What a field is read from: values inside JSON, values that are no text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Row
from connectors.mapping.rows_to_events import Mapping, Reject
from schemas.change_event import CustomerChange, Op
from schemas.source_record import CustomerRecord

ACCOUNT = """
tables:
  account:
    kind: customer
    id: id
    fields:
      family_name: name
      emails: "json(data).contact.mails[*].address"
      language: {from: "json(data).language", invalid: ignore}
      preferences: {fields: {newsletter: letters, size: size, discount: discount}}
"""
DATA = '{"contact": {"mails": [{"address": "a@x.fr"}, {"address": "b@x.fr"}]}}'


@pytest.fixture
def account(tmp_path: Path) -> Mapping:
    path = tmp_path / "mapping.yaml"
    path.write_text(ACCOUNT, "utf-8")
    return Mapping.load(path, system="shop", connector="test")


def record(account: Mapping, **payload: Any) -> CustomerRecord:
    (event,) = account.events(Row("account", Op.READ, {"id": 1, **payload}, (1,)))
    assert isinstance(event, CustomerChange), event
    assert event.after is not None
    return event.after


@pytest.mark.parametrize(
    "data",
    [DATA, {"contact": {"mails": [{"address": "a@x.fr"}, {"address": "b@x.fr"}]}}],
    ids=["text", "read already"],
)
def test_values_inside_json_are_reached(account: Mapping, data: object) -> None:
    assert record(account, data=data).emails == ["a@x.fr", "b@x.fr"]


@pytest.mark.parametrize("data", [None, "", " ", "null", "{}", "[]", "7"])
def test_json_without_the_value_is_no_value(account: Mapping, data: object) -> None:
    assert record(account, name="Roux", data=data).emails == []


def test_text_that_is_no_json_sets_the_row_aside(account: Mapping) -> None:
    (reject,) = account.events(Row("account", Op.READ, {"id": 1, "data": "{"}, (1,)))

    assert isinstance(reject, Reject)
    assert reject.reason == "customer.emails: is no JSON"


def test_text_that_is_no_json_is_ignored_where_that_is_said(account: Mapping) -> None:
    language = account.tables["account"][0].record.fields["language"]

    assert language.value({"data": "{"}) is None
    assert language.value({"data": '{"language": "fr"}'}) == "fr"


def test_its_columns_are_known_as_those_of_any_expression(account: Mapping) -> None:
    assert frozenset({"data"}) in account.needs["account"]


def test_a_preference_may_be_a_truth_or_a_number(account: Mapping) -> None:
    row = {"letters": False, "size": 38.0, "discount": 2.5}

    assert record(account, **row).preferences == {
        "newsletter": "false",
        "size": "38",
        "discount": "2.5",
    }
