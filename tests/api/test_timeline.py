"""One stream of all that happened, and cases across channels."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask_openapi.openapi import OpenAPI

from schemas.case_event import CaseEvent
from service.api.models.timeline import (
    CasesAnswer,
    TimelineAnswer,
)
from service.database.connection.session import Connection
from service.domain.cases import Case, PromiseState
from service.relay.overdue_replies import announce_overdue
from tests.api.channel import Channel
from tests.api.factories import (
    NOON,
    a_consent,
    a_contact_with,
    a_customer,
    a_movement,
    a_retired_id,
    an_order,
)


def _at(minutes: int) -> str:
    return (NOON + timedelta(minutes=minutes)).isoformat()


@pytest.fixture
def busy(rows: Connection) -> UUID:
    """A customer of two records to whom all kinds of things happened."""
    found = a_customer(rows, "pos:C-1", "call_centre:9")
    a_customer(rows, "pos:C-2")
    for n in range(4):
        an_order(rows, f"pos:{n}", of="pos:C-1", minutes=n)
        a_movement(rows, f"loyalty:{n}", of="pos:C-1", amount="5", minutes=n)
        a_contact_with(rows, f"call_centre:{n}", of="call_centre:9", minutes=n)
        a_consent(rows, f"pos:{n}", of="pos:C-1", minutes=n // 2)
    a_contact_with(rows, "call_centre:x", of="pos:C-2")
    return found


@pytest.mark.parametrize("limit", [1, 3, 16, 200])
def test_the_timeline_shows_everything_once_newest_first(
    channel: Channel, busy: UUID, limit: int
) -> None:
    pages = channel.pages(f"/v1/customers/{busy}/timeline", "timeline", limit=limit)

    shown = [(e["at"], e["kind"], e["key"]) for page in pages for e in page]
    assert len(shown) == len(set(shown)) == 16
    assert shown == sorted(shown, reverse=True)


def test_an_entry_says_what_it_was_under_its_kind(channel: Channel, busy: UUID) -> None:
    answer = channel.get(f"/v1/customers/{busy}/timeline?since={_at(3)[:19]}Z")

    told = TimelineAnswer.model_validate_json(answer.data).timeline
    assert [entry.kind for entry in told] == ["order", "movement", "interaction"]
    assert told[1].movement is not None
    assert told[1].movement.amount == 5
    assert str(told[2].of) == "call_centre:9"
    assert told[2].interaction is not None
    assert told[2].order is None


def test_the_timeline_can_be_of_one_kind_and_time(channel: Channel, busy: UUID) -> None:
    address = f"/v1/customers/{busy}/timeline"
    until = f"{_at(1)[:19]}Z"

    consents = channel.get(f"{address}?kind=consent").json["timeline"]
    early = channel.get(f"{address}?until={until}").json["timeline"]

    assert {entry["kind"] for entry in consents} == {"consent"}
    assert len(consents) == 4
    assert len(early) == 5  # of noon: one of each kind, and two consents
    assert channel.get(f"{address}?kind=customer").json["timeline"] == []
    assert channel.get(f"{address}?kind=visit").status_code == 422


def _cases(channel: Channel, customer_id: UUID, query: str = "") -> list[Case]:
    answer = channel.get(f"/v1/customers/{customer_id}/cases{query}")
    assert answer.status_code == 200, answer.text
    return CasesAnswer.model_validate_json(answer.data).cases


def test_a_case_is_followed_across_channels(channel: Channel, rows: Connection) -> None:
    customer_id = a_customer(rows, "pos:C-1", "call_centre:9")
    case: dict[str, Any] = {"case_id": "K-1"}
    a_contact_with(
        rows,
        "call_centre:1",
        of="call_centre:9",
        subject="Parcel",
        order="ecommerce:7",
        **case,
    )
    a_contact_with(
        rows, "pos:1", of="pos:C-1", minutes=9, channel="store", status="closed", **case
    )
    a_contact_with(rows, "call_centre:2", of="call_centre:9", minutes=5, case_id="K-2")
    a_contact_with(rows, "call_centre:3", of="call_centre:9", minutes=5)

    first, second = _cases(channel, customer_id)

    assert (first.case_id, first.channels) == ("K-1", ["call", "store"])
    assert (first.subject, first.status, first.orders) == (
        *("Parcel", "closed"),
        ["ecommerce:7"],
    )
    assert [str(key) for key in first.contacts] == ["call_centre:1", "pos:1"]
    assert not first.resolved_at_first_contact
    assert [c.case_id for c in _cases(channel, customer_id, "?open=true")] == ["K-2"]
    assert second.promise is None
    pages = channel.pages(f"/v1/customers/{customer_id}/cases", "cases", limit=1)
    assert [page[0]["case_id"] for page in pages] == ["K-1", "K-2"]


PROMISED = {"promised_reply_at": _at(60), "case_id": "K-1"}
REPEATED = {**PROMISED, "status": None}


@pytest.mark.parametrize(
    ("later", "now", "state"),
    [
        ([], 59, PromiseState.DUE),
        ([], 61, PromiseState.OVERDUE),
        ([(30, {})], 500, PromiseState.KEPT),
        ([(90, {})], 500, PromiseState.BROKEN),
        ([(30, PROMISED)], 61, PromiseState.OVERDUE),  # it was only said again
        ([(30, PROMISED), (55, {"status": "closed"})], 500, PromiseState.KEPT),
        ([(30, {"promised_reply_at": _at(120)})], 90, PromiseState.DUE),
        # closed, and promised once more by a contact that leaves the status
        ([(30, {"status": "closed"}), (40, REPEATED)], 500, PromiseState.KEPT),
        ([(40, REPEATED)], 500, PromiseState.OVERDUE),
    ],
)
def test_what_became_of_a_promise(
    channel: Channel,
    app: OpenAPI,
    rows: Connection,
    later: list[tuple[int, dict[str, Any]]],
    now: int,
    state: PromiseState,
) -> None:
    customer_id = a_customer(rows, "call_centre:9")
    a_contact_with(rows, "call_centre:0", of="call_centre:9", **PROMISED)
    for n, (minutes, fields) in enumerate(later, start=1):
        a_contact_with(
            rows,
            f"call_centre:{n}",
            of="call_centre:9",
            minutes=minutes,
            **{"case_id": "K-1", **fields},
        )
    _set_clock(app, NOON + timedelta(minutes=now))

    (case,) = _cases(channel, customer_id)
    alerts = announce_overdue(rows, now=NOON + timedelta(minutes=now))

    assert case.promise is state
    assert alerts == (1 if state is PromiseState.OVERDUE else 0)


def _set_clock(app: OpenAPI, now: datetime) -> None:
    held = app.extensions["couture"]
    app.extensions["couture"] = dataclasses.replace(held, clock=lambda: now)


def test_an_overdue_promise_is_told_once_through_whatever_channel(
    rows: Connection, channel: Channel
) -> None:
    customer_id = a_customer(rows, "call_centre:9", "pos:C-1")
    a_contact_with(rows, "call_centre:1", of="call_centre:9", **PROMISED)
    late = NOON + timedelta(minutes=61)

    early = announce_overdue(rows, now=NOON)
    first = announce_overdue(rows, now=late)
    again = announce_overdue(rows, now=late)
    # the till says the same promise again: it is the same case and promise
    a_contact_with(rows, "pos:1", of="pos:C-1", minutes=70, **PROMISED)
    repeated = announce_overdue(rows, now=late + timedelta(hours=1))
    # a new promise is another
    new = {**PROMISED, "promised_reply_at": _at(90)}
    a_contact_with(rows, "call_centre:2", of="call_centre:9", minutes=80, **new)
    another = announce_overdue(rows, now=late + timedelta(hours=1))
    rows.execute(
        "UPDATE interaction SET record = jsonb_set(record, '{status}', '\"closed\"')"
    )
    (case,) = _cases(channel, customer_id)

    assert (early, first, again, repeated, another) == (0, 1, 0, 0, 1)
    assert case.promise is PromiseState.BROKEN  # the alert came before it was closed
    messages = rows.execute(
        "SELECT message_key, message_value, message_headers FROM outbox ORDER BY seq"
    ).fetchall()
    key, value, headers = messages[0]
    event = CaseEvent.model_validate_json(value)
    assert (key.decode(), event.case_id) == (str(customer_id), "K-1")
    assert headers["ce_type"] == "couture.case.overdue"
    assert len({m[2]["ce_id"] for m in messages}) == len(messages) == 2


def test_two_customers_with_the_same_case_number_are_two_cases(
    rows: Connection,
) -> None:
    for system in ("desk", "call_centre"):
        a_customer(rows, f"{system}:9")
        a_contact_with(rows, f"{system}:1", of=f"{system}:9", **PROMISED)

    assert announce_overdue(rows, now=NOON + timedelta(minutes=61)) == 2


def test_a_contact_that_says_nothing_of_the_status_leaves_it(
    channel: Channel, rows: Connection
) -> None:
    customer_id = a_customer(rows, "call_centre:9")
    said = [(0, "pending"), (5, None), (9, None)]
    for minutes, status in said:
        key = f"call_centre:{minutes}"
        told = {"case_id": "K-1", "status": status}
        a_contact_with(rows, key, of="call_centre:9", minutes=minutes, **told)
    a_contact_with(
        rows, "call_centre:10", of="call_centre:9", case_id="K-2", status=None
    )

    statuses = {c.case_id: c.status for c in _cases(channel, customer_id)}

    assert statuses == {"K-1": "pending", "K-2": "open"}


@pytest.mark.parametrize("listing", ["timeline", "cases", "insights"])
def test_a_retired_id_is_shown_the_way(
    channel: Channel, rows: Connection, busy: UUID, listing: str
) -> None:
    retired = a_retired_id(rows, into=busy)

    answer = channel.get(f"/v1/customers/{retired}/{listing}")

    assert answer.status_code == 307
    assert answer.headers["Location"].endswith(f"/v1/customers/{busy}/{listing}")
