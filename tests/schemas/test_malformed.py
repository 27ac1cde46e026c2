"""What cannot be read is refused with its reason, and never with its values."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import wire
from schemas.wire import Malformed, MalformedMessage

TOPIC = wire.source_topic("pos")
SCHEMA = [("schema", wire.SCHEMA.encode())]
SECRET = "Marguerite"
MESSAGE: dict[str, Any] = {
    "kind": "customer",
    "op": "c",
    "key": "pos:C-1",
    "position": [7],
    "source": {"connector": "pos", "table": "customers"},
    "ts_ms": 1,
    "after": {"given_name": SECRET, "emails": ["a@example.org"]},
    "raw": {"prenom": SECRET},
}


def _with(**fields: Any) -> bytes:
    return json.dumps({**MESSAGE, **fields}).encode()


def _after(**fields: Any) -> bytes:
    return _with(after={"given_name": SECRET, **fields})


def _refusal(value: bytes | None, headers: Any = SCHEMA) -> MalformedMessage:
    with pytest.raises(MalformedMessage) as refused:
        wire.decode(value, headers, topic=TOPIC)
    return refused.value


WRONG_SHAPE = {
    "an array": b"[]",
    "a null": b"null",
    "no kind": b"{}",
    "an unknown kind": _with(kind=SECRET),
    "an unknown op": _with(op=SECRET),
    "an unknown field": _after(prenom=SECRET),
    "a person as field name": _with(after={f"{SECRET} Dupont": 1}),
    "a key without system": _with(key=SECRET),
    "a key with an unfit system": _with(key=f"{SECRET}:1"),
    "a position of text": _with(position=[SECRET]),
    "an empty position": _with(position=[]),
    "a position beyond 64 bits": _with(position=[2**63]),
    "a negative position": _with(position=[-1]),
    "a delete with a record": _with(op="d"),
    "an update without a record": _with(op="u", after=None),
    "a date in year 0": _after(birth_date="0000-01-01"),
    "no date": _after(birth_date=SECRET),
    "a time in year 0": _after(updated_at="0000-01-01T00:00:00Z"),
    "a time before year 1 in UTC": _after(updated_at="0001-01-01T00:00:00+14:00"),
    "a time without zone": _after(updated_at="2026-01-01T00:00:00"),
    "milliseconds beyond all calendars": _with(ts_ms=10**400),
    "infinite milliseconds": _with(ts_ms=float("inf")),
    "a field too long": _after(family_name=SECRET * 500),
    "a raw text too long": _with(raw={"prenom": SECRET * 10_000}),
    "a raw number beyond 64 bits": _with(raw={"n": [{"deep": 2**64}]}),
    "a raw number that is not finite": _with(raw={"n": float("nan")}),
    "too many contacts": _after(emails=[SECRET] * 51),
}


@pytest.mark.parametrize("case", WRONG_SHAPE)
def test_the_wrong_shape_is_refused_without_its_values(case: str) -> None:
    refusal = _refusal(WRONG_SHAPE[case])

    assert refusal.reason is Malformed.WRONG_SHAPE
    assert SECRET not in str(refusal)
    assert len(refusal.detail) <= 500


UNSTORABLE = {
    "a NUL in a field": _after(family_name=f"{SECRET}\x00"),
    "a NUL in the name of a preference": _after(preferences={f"{SECRET}\x00": "x"}),
    "a NUL in the key": _with(key=f"pos:{SECRET}\x00"),
    "a NUL deep in the raw row": _with(raw={"a": [{"b": f"{SECRET}\x00"}]}),
    "a NUL in a raw column name": _with(raw={f"{SECRET}\x00": 1}),
    "a lone surrogate in a field": _after(family_name=f"{SECRET}\ud800"),
    "a lone surrogate in the raw row": _with(raw={"a": f"{SECRET}\udfff"}),
}


@pytest.mark.parametrize("case", UNSTORABLE)
def test_what_postgresql_cannot_store_is_refused_without_its_values(case: str) -> None:
    refusal = _refusal(UNSTORABLE[case])

    assert refusal.reason is Malformed.UNSTORABLE_TEXT
    assert SECRET not in str(refusal)
    assert "\x00" not in refusal.detail


@pytest.mark.parametrize(
    "value",
    [b"{", b"Marguerite", b"\xff\xfe", b"[" * 500_000, b'{"a":' * 100_000, b"\x00"],
    ids=["cut", "bare", "binary", "deep array", "deep object", "NUL"],
)
def test_what_is_not_json_is_refused(value: bytes) -> None:
    refusal = _refusal(value)

    assert refusal.reason is Malformed.NOT_JSON
    assert refusal.detail == "the value is not JSON"


def test_ten_megabytes_are_refused_by_size() -> None:
    refusal = _refusal(_after(family_name="x" * 10_000_000))

    assert refusal.reason is Malformed.TOO_LARGE
    assert "the limit is 1048576" in refusal.detail


@pytest.mark.parametrize("value", [None, b""])
def test_a_message_without_value_is_refused(value: bytes | None) -> None:
    assert _refusal(value).reason is Malformed.EMPTY


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("schema", None)],
        [("schema", b"change_event/2")],
        [("schema", b"\xff\x00")],
        [("schema", b"x" * 10_000)],
    ],
)
def test_an_unknown_schema_is_refused_naming_what_is_read(headers: Any) -> None:
    refusal = _refusal(_with(), headers)

    assert refusal.reason is Malformed.UNKNOWN_SCHEMA
    assert "this version reads 'change_event/1'" in refusal.detail
    assert len(refusal.detail) < 200
    assert "\x00" not in refusal.detail


def test_an_event_on_another_systems_topic_is_refused() -> None:
    refusal = _refusal(_with(key="loyalty:77"))

    assert refusal.reason is Malformed.WRONG_SYSTEM
    assert refusal.detail == "system loyalty does not belong on couture.source.pos"


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_any_bytes_are_read_or_refused(value: bytes) -> None:
    _read_or_refused(value)


@given(st.integers(0, len(_with()) - 1), st.binary(max_size=4))
@settings(max_examples=300)
def test_any_mutation_is_read_or_refused(place: int, bytes_: bytes) -> None:
    original = _with()

    _read_or_refused(original[:place] + bytes_ + original[place + len(bytes_) :])


def _read_or_refused(value: bytes) -> None:
    """What is read can be stored; nothing but MalformedMessage is raised."""
    try:
        event = wire.decode(value, SCHEMA, topic=TOPIC)
    except MalformedMessage:
        return
    orjson.dumps(event.model_dump(mode="json"))
