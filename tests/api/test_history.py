"""History: what the profile was at a time and why it changed, as the resolver wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest

from service.database.connection.session import Connection
from tests.api.channel import Channel
from tests.resolver.deliveries import ANNE, BEA, Delivery, customer
from tests.resolver.fake_model import plain_judge


@pytest.fixture
def story(channel: Channel, rows: Connection) -> tuple[list[Any], list[str]]:
    """Anne, who changed, then took Bea in; and every answer that was given of her."""
    deliver = Delivery(rows, plain_judge())
    moments: list[Any] = []
    for change in (
        customer("pos:1", 1, **ANNE),
        customer("pos:2", 1, **BEA),
        customer("pos:1", 2, **ANNE | {"title": "Mme"}),
        customer("pos:2", 2, **BEA | ANNE),
    ):
        deliver(change)
        found = channel.get("/v1/customers?source_key=pos:1").json["customers"]
        row = rows.execute("SELECT clock_timestamp()").fetchone()
        assert row
        moments.append((row[0].astimezone(UTC), found[0]))
    ids = rows.execute("SELECT customer_id::text FROM customer ORDER BY 1").fetchall()
    return moments, [row[0] for row in ids]


def test_as_of_gives_back_every_answer_that_was_given(
    channel: Channel, story: tuple[list[Any], list[str]]
) -> None:
    moments, (anne, _) = story

    for moment, answered in moments:
        as_of = quote(moment.isoformat())
        told = channel.get(f"/v1/customers/{anne}/history?as_of={as_of}").json
        (state,) = told["versions"]
        assert state["profile"] == answered


def test_it_tells_why_and_what_changed(
    channel: Channel, story: tuple[list[Any], list[str]]
) -> None:
    _, (anne, bea) = story

    of_anne = channel.get(f"/v1/customers/{anne}/history").json["versions"]
    of_bea = channel.get(f"/v1/customers/{bea}/history").json["versions"]

    assert [one["why"].rpartition(".")[2] for one in of_anne] == [
        "merged",
        "changed",
        "created",
    ]
    assert [one["why"].rpartition(".")[2] for one in of_bea] == ["merged", "created"]
    assert of_anne[0]["gained"] == of_bea[0]["lost"] == ["pos:2"]
    assert {"title", "origins"} >= set(of_anne[1]["changed"]) >= {"title"}
    assert of_anne[0]["valid_to"] is None
    for later, earlier in pairwise(of_anne):
        assert earlier["valid_to"] == later["valid_from"]


def test_pages_hold_every_version_once(
    channel: Channel, story: tuple[list[Any], list[str]]
) -> None:
    _, (anne, _) = story

    pages = channel.pages(f"/v1/customers/{anne}/history", "versions", limit=1)

    assert [one["version"] for page in pages for one in page] == [3, 2, 1]


def test_a_time_before_or_an_id_unknown_is_a_404(
    channel: Channel, story: tuple[list[Any], list[str]]
) -> None:
    _, (anne, _) = story
    before = quote((datetime.now(UTC) - timedelta(days=1)).isoformat())

    for path in (f"{anne}/history?as_of={before}", f"{anne[:-4]}0000/history"):
        assert channel.get(f"/v1/customers/{path}").status_code == 404
