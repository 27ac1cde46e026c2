"""Webhooks: signed calls to a real receiver, in order, until they are taken."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from service.access import SCOPES, create_key
from service.app import create_app
from service.database.connection.session import Connection
from service.relay.webhooks import deliver
from service.relay.webhooks.retry_policy import after_failure
from service.relay.webhooks.signed_request import DeliveryResult
from service.settings import Settings
from tests.api.channel import Channel
from tests.api.receiver import Receiver, receiving
from tests.api.test_changes import MERGED, tell

HOOKS = "/v1/webhooks"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The channel's own server."""
    with receiving() as started:
        yield started


@contextmanager
def pushing(database_url: str, *, inside: bool = True) -> Iterator[None]:
    """Deliver, as the relay's process does, until the block ends."""
    stop = threading.Event()
    settings = Settings(database_url=database_url, webhooks_inside=inside)
    work = threading.Thread(target=deliver.run, args=[settings], kwargs={"stop": stop})
    work.start()
    try:
        yield
    finally:
        stop.set()
        work.join(timeout=60)


def asked(channel: Channel, receiver: Receiver, **more: Any) -> str:
    """Let the receiver be called; return the webhook's id."""
    answer = channel.post(HOOKS, {"url": receiver.url, **more})
    assert answer.status_code == 201, answer.text
    receiver.secret = answer.json["secret"]
    return str(answer.json["webhook_id"])


def try_now(rows: Connection) -> None:
    """Let the pause after a failure be over."""
    rows.execute("UPDATE webhook SET next_try_at = now()")


def failures(channel: Channel) -> int:
    """Return how often in a row the channel's only webhook failed."""
    return int(channel.get(HOOKS).json["webhooks"][0]["failures"])


def test_events_come_signed_and_in_order_from_now_on(
    channel: Channel, database_url: str, rows: Connection, receiver: Receiver
) -> None:
    anne = uuid4()
    tell(rows, 1, of=anne)
    asked(channel, receiver)
    tell(rows, *range(2, 121), of=anne)

    with pushing(database_url):
        receiver.wait(taken=119)

    assert receiver.versions == list(range(2, 121))
    assert receiver.refused == []
    assert receiver.taken[0]["type"] == "couture.customer.changed"


def test_what_is_not_taken_comes_again_before_anything_later(
    channel: Channel, database_url: str, rows: Connection, receiver: Receiver
) -> None:
    hook = asked(channel, receiver)
    receiver.answers = [204, 500, 302]
    anne = uuid4()
    tell(rows, 1, 2, 3, of=anne)
    with pushing(database_url):
        receiver.wait(refused=1)
        _until(lambda: failures(channel) == 1)
        try_now(rows)
        receiver.wait(refused=2)
        _until(lambda: failures(channel) == 2)
        try_now(rows)
        receiver.wait(taken=3)
        _until(lambda: failures(channel) == 0)

    assert receiver.versions == [1, 2, 3]
    assert receiver.refused == [f"{anne}:2"] * 2
    pages = channel.pages(f"{HOOKS}/{hook}/deliveries", "deliveries", limit=2)
    log = [
        (one["event_id"].partition(":")[2], one["attempt"], one["status"])
        for page in pages
        for one in page
    ]
    assert log == [
        ("3", 1, 204),
        ("2", 3, 204),
        ("2", 2, 302),
        ("2", 1, 500),
        ("1", 1, 204),
    ]


def _until(holds: Any) -> None:
    for _ in range(600):
        if holds():
            return
        threading.Event().wait(0.1)
    raise AssertionError("it never came to hold")


def test_a_receiver_that_is_gone_is_not_called_until_it_asks(
    channel: Channel, database_url: str, rows: Connection, receiver: Receiver
) -> None:
    hook = asked(channel, receiver)
    receiver.answers = [410]
    tell(rows, 1, 2, of=uuid4())
    with pushing(database_url):
        receiver.wait(refused=1)
        _until(lambda: channel.get(HOOKS).json["webhooks"][0]["stopped_because"])
        assert channel.get(HOOKS).json["webhooks"][0]["waiting"] == 2

        again = channel.post(f"{HOOKS}/{hook}/resume", {})
        receiver.wait(taken=2)

    assert again.json["webhooks"][0]["stopped_because"] is None
    assert receiver.versions == [1, 2]


def test_one_that_does_not_answer_keeps_no_other_waiting(
    channel: Channel, database_url: str, rows: Connection, receiver: Receiver
) -> None:
    channel.post(HOOKS, {"url": "http://127.0.0.1:1/nobody"})
    asked(channel, receiver, types=[MERGED])
    anne = uuid4()
    tell(rows, 1, of=anne)
    tell(rows, 2, of=anne, kind=MERGED)
    with pushing(database_url):
        receiver.wait(taken=1)
        _until(lambda: failures(channel) == 1)

    hooks = channel.get(HOOKS).json["webhooks"]
    (attempt,) = channel.get(f"{HOOKS}/{hooks[0]['webhook_id']}/deliveries").json[
        "deliveries"
    ]
    assert receiver.versions == [2]
    assert (attempt["status"], attempt["error"]) == (None, "ConnectError")


def test_a_webhook_belongs_to_its_channel(
    channel: Channel, app: Any, database_url: str, receiver: Receiver
) -> None:
    hook = asked(channel, receiver)
    key = create_key(database_url, channel="web", scopes=list(SCOPES))
    other = Channel(app, key)

    assert other.get(HOOKS).json["webhooks"] == []
    assert other.get(f"{HOOKS}/{hook}/deliveries").status_code == 404
    assert other.delete(f"{HOOKS}/{hook}").status_code == 404
    assert channel.delete(f"{HOOKS}/{hook}").status_code == 204
    assert channel.get(HOOKS).json["webhooks"] == []


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/hook",
        "https://",
        "ftp://shop.example",
        "https://me:secret@shop.example/",
        "https://shop.example:99999/",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_cannot_be_called_safely_is_a_422(
    channel: Channel, url: str
) -> None:
    answer = channel.post(HOOKS, {"url": url})

    assert answer.status_code == 422
    assert answer.json["errors"][0]["parameter"] == "url"


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://localhost/hook",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[fd00::1]/",
        "https://2130706433/",
        "https://0/",
    ],
)
def test_an_address_inside_the_network_is_refused_unless_allowed(
    database_url: str, url: str
) -> None:
    made = create_app(Settings(database_url=database_url, api_threads=2))
    channel = Channel(made, create_key(database_url, channel="web", scopes=SCOPES))

    answer = channel.post(HOOKS, {"url": url})

    assert answer.status_code == 422
    assert "inside" in answer.text
    made.extensions["couture"].pool.close()


def test_a_name_that_came_to_mean_an_address_inside_is_not_called(
    channel: Channel, database_url: str, rows: Connection, receiver: Receiver
) -> None:
    asked(channel, receiver)
    tell(rows, 1, of=uuid4())
    with pushing(database_url, inside=False):
        _until(lambda: failures(channel) == 1)

    hook = channel.get(HOOKS).json["webhooks"][0]["webhook_id"]
    (attempt,) = channel.get(f"{HOOKS}/{hook}/deliveries").json["deliveries"]
    assert attempt["error"] == "AddressInside"
    assert receiver.taken == receiver.refused == []


def test_patience_grows_and_ends() -> None:
    down = DeliveryResult(503, None, 1)
    hours = [timedelta(hours=n) for n in (1, 71, 72)]

    pauses = [
        after_failure(down, failures=n, failing=hours[0]).pause_s for n in range(1, 9)
    ]

    assert pauses == [5, 30, 120, 600, 1_800, 3_600, 3_600, 3_600]
    assert after_failure(down, failures=90, failing=hours[1]).stopped_because is None
    assert after_failure(down, failures=90, failing=hours[2]).stopped_because
    busy = down._replace(retry_after_s=90_000)
    assert after_failure(busy, failures=1, failing=hours[0]).pause_s == 3_600
