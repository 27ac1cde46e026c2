"""A raw row holds what its source does, but no secret that nobody asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Row
from connectors.mapping.raw_rows import looks_secret
from connectors.mapping.rows_to_events import Mapping, Reject
from schemas.change_event import CustomerChange, Op

TWO_KINDS = """
tables:
  member:
    - kind: customer
      id: id
      fields: { family_name: last, national_id: token, cards: [account.pass] }
      drop: [opt_in, note]
    - kind: consent
      id: id
      fields:
        customer: { from: id, transform: source_key }
        purpose: { constant: marketing }
        channel: { constant: email }
        status: { from: opt_in, transform: { vocabulary: { y: given } } }
        at: { constant: "2026-01-05T10:00:00Z" }
      drop: [last]
      keep: [hash]
"""
MEMBER = {
    "id": "1",
    "last": "Roux",
    "token": "T-1",
    "hash": "abc",
    "opt_in": "y",
    "note": "x",
    "password": "geheim",
    "account": {"apiKey": "k", "pass": "C-7", "since": 2020},
}


@pytest.fixture
def mapping(tmp_path: Path) -> Mapping:
    """The mapping of a member as a customer and a consent."""
    path = tmp_path / "m.yaml"
    path.write_text(TWO_KINDS)
    return Mapping.load(path, system="shop", connector="test")


def _raw(mapping: Mapping, **changes: Any) -> list[Any]:
    row = Row("member", Op.READ, MEMBER | changes, (1,), None, True)
    return [
        one.row.payload if isinstance(one, Reject) else one.raw
        for one in mapping.events(row)
    ]


def test_what_one_kind_drops_another_still_reads(mapping: Mapping) -> None:
    customer, consent = _raw(mapping)
    common = {"id": "1", "account": {"since": 2020}}
    assert customer == common | {"last": "Roux", "token": "T-1"}
    assert consent == common | {"opt_in": "y", "note": "x", "hash": "abc"}


def test_what_a_field_reads_is_read_though_it_looks_secret(mapping: Mapping) -> None:
    customer = next(mapping.events(Row("member", Op.READ, MEMBER, (1,), None, True)))
    assert isinstance(customer, CustomerChange)
    assert customer.after is not None
    assert (customer.after.national_id, customer.after.cards) == ("T-1", ["C-7"])


def test_a_secret_is_told_of_once_by_its_name(mapping: Mapping) -> None:
    _raw(mapping)
    told = mapping.told.take()
    names = ["hash", "password", "account.apiKey", "account.pass", "token"]
    assert [sentence.split()[2] for sentence in told] == names
    assert "geheim" not in str(told)
    _raw(mapping)
    assert mapping.told.take() == []


def test_a_row_that_its_source_could_not_read_holds_none_either(
    mapping: Mapping,
) -> None:
    row = Row("member", Op.CREATE, MEMBER, (1,), problem="has too few cells")
    (reject,) = mapping.events(row)

    assert isinstance(reject, Reject)
    assert "geheim" not in str(reject.row.payload)
    # what one of the two kinds keeps is kept
    assert {"token", "hash", "last", "opt_in", "note"} <= reject.row.payload.keys()


def test_a_row_that_is_set_aside_holds_no_secret_either(mapping: Mapping) -> None:
    _, consent = _raw(mapping, opt_in="what?")
    assert consent["opt_in"] == "what?"
    assert "password" not in consent


@pytest.mark.parametrize(
    "name",
    [
        "password", "PASSWORD", "user_pass", "passwd", "PasswordHash", "pwd", "salt",
        "reset_token", "apiKey", "secure_key", "mot_de_passe", "user_activation_key",
    ],
)  # fmt: skip
def test_names_of_secrets_are_known(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "passenger", "compass", "key", "customer_key", "saltaire", "email", "hashtag",
        "pinterest", "tokens_spent", "secretary", "id", "code_postal", "bypass_road",
    ],
)  # fmt: skip
def test_others_are_not_taken_for_one(name: str) -> None:
    assert not looks_secret(name)
