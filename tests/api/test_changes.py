"""The feed of changes: resumable, in order, page by page or as a stream."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from schemas import wire
from schemas.customer_event import CustomerEvent, CustomerEventType
from service.access import create_key
from service.database.connection.session import Connection
from service.database.messages import feed, outbox
from service.database.messages.outbox import Message
from tests.api.channel import Channel
from tests.api.served import served

CHANGED = CustomerEventType.CHANGED
MERGED = CustomerEventType.MERGED


def tell(
    rows: Connection, *versions: int, of: UUID, kind: CustomerEventType = CHANGED
) -> None:
    """Let events go the way of the relay: into the outbox, and out into the feed."""
    messages = [
        Message(
            wire.EVENTS_TOPIC,
            str(of).encode(),
            CustomerEvent(customer_id=of, version=n).model_dump_json().encode(),
            {
                "ce_specversion": "1.0",
                "ce_id": f"{of}:{n}",
                "ce_source": "/couture",
                "ce_type": kind,
                "ce_subject": str(of),
                "ce_time": datetime.now(UTC).isoformat(),
            },
        )
        for n in versions
    ]
    profile = Message(wire.CUSTOMERS_TOPIC, str(of).encode(), b"{}", {})
    outbox.append(rows, [*messages, profile])
    relay(rows)


def relay(rows: Connection) -> None:
    """Take everything out of the outbox as the relay does after the broker's word."""
    waiting = outbox.take(rows, limit=1_000)
    outbox.remove(rows, [message.seq for message in waiting])


def test_every_event_is_read_once_in_order_over_any_pages(
    channel: Channel, rows: Connection
) -> None:
    anne, zoe = uuid4(), uuid4()
    for n in range(1, 8):
        tell(rows, n, of=anne)
        tell(rows, n, of=zoe)

    seen, address = [], "/v1/changes?limit=3"
    while True:
        page = channel.get(address).json
        seen += page["events"]
        address = f"/v1/changes?limit=3&after={page['next']}"
        if not page["more"]:
            break

    assert len(seen) == len({event["id"] for event in seen}) == 14
    for customer in (anne, zoe):
        versions = [
            event["data"]["version"]
            for event in seen
            if event["subject"] == str(customer)
        ]
        assert versions == list(range(1, 8))
    tell(rows, 8, of=zoe)
    (last,) = channel.get(address).json["events"]
    assert last["id"] == f"{zoe}:8"
    assert last["type"] == "couture.customer.changed"


def test_now_is_a_place_and_types_are_chosen(
    channel: Channel, rows: Connection
) -> None:
    anne = uuid4()
    tell(rows, 1, of=anne)
    now = channel.get("/v1/changes?after=now").json
    assert now["events"] == []

    tell(rows, 2, of=anne)
    tell(rows, 3, of=anne, kind=MERGED)
    both = channel.get(f"/v1/changes?after={now['next']}")
    only = channel.get(f"/v1/changes?after={now['next']}&type={MERGED}").json

    assert len(both.json["events"]) == 2
    assert [event["data"]["version"] for event in only["events"]] == [3]


def test_a_place_holds_over_a_restart_and_with_another_key(
    channel: Channel, rows: Connection, busy_channel: Channel
) -> None:
    tell(rows, 1, 2, of=uuid4())
    place = channel.get("/v1/changes?limit=1").json["next"]

    (second,) = busy_channel.get(f"/v1/changes?after={place}").json["events"]

    assert second["data"]["version"] == 2


def test_what_is_no_longer_kept_is_a_410_and_never_a_gap(
    channel: Channel, rows: Connection
) -> None:
    tell(rows, 1, 2, of=uuid4())
    place = channel.get("/v1/changes?limit=1").json["next"]
    old = datetime.now(UTC) - timedelta(days=feed.KEPT_DAYS, minutes=1)
    rows.execute("UPDATE feed_event SET told_at = %s", [old])
    assert feed.forget_old(rows) == 2
    seq = place.partition(".")[0]

    gone = channel.get(f"/v1/changes?after={seq}.{int(old.timestamp())}")
    fresh = channel.get("/v1/changes")

    assert gone.status_code == 410
    assert gone.json["type"] == "/problems/gone"
    assert fresh.json["events"] == []


@pytest.mark.parametrize("place", ["x", "1", "-1.2", "1.2.3", "1.999999999999", "１.2"])
def test_a_place_of_another_make_is_a_422(channel: Channel, place: str) -> None:
    answer = channel.get(f"/v1/changes?after={place}")

    assert answer.status_code == 422
    assert answer.json["errors"][0]["parameter"] == "after"


def test_a_waiting_reader_is_answered_as_soon_as_something_happens(
    busy_channel: Channel, rows: Connection
) -> None:
    place = busy_channel.get("/v1/changes?after=now").json["next"]
    answers = []

    def ask() -> None:
        address = f"/v1/changes?after={place}"
        answers.append(busy_channel.get(address, Prefer="wait=25").json)

    reader = threading.Thread(target=ask)
    reader.start()
    tell(rows, 1, of=uuid4())
    reader.join(timeout=60)

    assert [event["data"]["version"] for event in answers[0]["events"]] == [1]


def test_a_stream_sends_events_as_they_come_and_goes_on_where_it_was_left(
    database_url: str, rows: Connection, tmp_path: Path
) -> None:
    key = create_key(database_url, channel="web", scopes=["changes:read"])
    headers = {"Authorization": f"Bearer {key}", "Accept": "text/event-stream"}
    anne = uuid4()
    tell(rows, 1, 2, of=anne)
    with served(database_url, tmp_path / "log") as server:
        address = f"{server.url}/v1/changes"
        seen, last = _listen(address, headers, enough=2)
        tell(rows, 3, 4, of=anne)
        later, last = _listen(address, {**headers, "Last-Event-ID": last}, enough=2)
        # each stream left gives its place up, so that others find one
        for _ in range(4):
            _listen(address, headers, enough=1)

    assert [*seen, *later] == [1, 2, 3, 4]


def _listen(
    address: str, headers: dict[str, str], *, enough: int
) -> tuple[list[int], str]:
    """Return the versions of the first events of a stream, and the last id."""
    versions: list[int] = []
    last = ""
    for _ in range(150):  # a place is given up when the server notices the hang-up
        with httpx.stream("GET", address, headers=headers, timeout=60) as answer:
            if answer.status_code == 503:
                threading.Event().wait(0.2)
                continue
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    last = value
                if name == "data":
                    versions.append(orjson.loads(value)["data"]["version"])
                    if len(versions) == enough:
                        return versions, last
    raise AssertionError("no place to listen became free")


def test_the_feed_keeps_the_order_of_the_outbox(rows: Connection) -> None:
    anne = uuid4()
    tell(rows, *range(1, 200), of=anne)

    found = feed.after(rows, feed.start(rows), types=[], limit=500)

    versions = [event["data"]["version"] for _, event in found.events]
    assert versions == list(range(1, 200))
    assert all(a[0].seq < b[0].seq for a, b in pairwise(found.events))
