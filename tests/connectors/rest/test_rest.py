"""HTTP resources are polled without a gap, and their failures said in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from connectors import settings
from connectors.contract import Batch, RetryLater, StopSource
from connectors.rest.client import Client, retry_after
from connectors.rest.connector import RestConfig, RestConnector
from tests.connectors.paged_http_service import Answer, Shop, answer_json


def connector(shop: Shop, system: str, tables: list[str], **more: Any) -> RestConnector:
    read = settings.read(system, None, {}) | {"base_url": shop.url, "key": "secret"}
    read |= {"page": 2, "interval": 0.01} | more
    return RestConnector(settings.parse(RestConfig, read), tables)


def ids(batches: list[Batch]) -> list[str]:
    return [row.payload["id"] for batch in batches for row in batch.rows]


def until_idle(batches: Iterator[Batch]) -> list[Batch]:
    found = []
    for batch in batches:
        if not batch.rows and batch.offset is None:
            return found
        found.append(batch)
    return found


def test_a_snapshot_reads_all_pages_though_many_rows_share_a_time(shop: Shop) -> None:
    for number in range(7):
        shop.put(f"W-{number}", at=0)
    read = list(connector(shop, "ecommerce", ["customers"]).snapshot())
    assert ids(read) == [f"W-{number}" for number in range(7)]
    assert read[-1].offset is not None
    assert {query["key"] for query in shop.asked} == {"Bearer secret"}


def test_changes_bring_what_is_new_once_and_what_was_committed_late(
    shop: Shop,
) -> None:
    for number in range(3):
        shop.put(f"W-{number}", at=number)
    source = connector(shop, "ecommerce", ["customers"], overlap=5)
    offset = list(source.snapshot())[-1].offset
    assert offset is not None
    changes = source.changes(offset)
    until_idle(changes)  # the overlap is read again once
    shop.put("W-1", at=10, version=2)
    assert ids(until_idle(changes)) == ["W-1"]
    shop.put("late", at=8)
    assert ids(until_idle(changes)) == ["late"]
    assert ids(until_idle(changes)) == []


def test_a_polled_row_tells_when_its_source_changed_it(shop: Shop) -> None:
    shop.put("W-1", at=7)
    batches = list(connector(shop, "ecommerce", ["customers"]).snapshot())
    (row,) = [row for batch in batches for row in batch.rows]
    changed = datetime.fromisoformat(row.payload["updated_at"])
    assert row.ts_ms == changed.timestamp() * 1_000


def test_a_change_without_a_new_time_is_seen_by_its_content(shop: Shop) -> None:
    shop.put("W-1", at=0)
    source = connector(shop, "ecommerce", ["customers"])
    offset = list(source.snapshot())[-1].offset
    assert offset is not None
    changes = source.changes(offset)
    until_idle(changes)
    shop.put("W-1", at=0, version=2)
    assert ids(until_idle(changes)) == ["W-1"]


def test_a_new_attempt_reads_again_what_the_last_may_not_have_published(
    shop: Shop,
) -> None:
    shop.put("W-1", at=0)
    source = connector(shop, "ecommerce", ["customers"])
    offset = list(source.snapshot())[-1].offset
    assert offset is not None
    shop.put("W-2", at=1)
    assert "W-2" in ids([next(source.changes(offset))])
    assert "W-2" in ids(until_idle(source.changes(offset)))


def test_a_sequence_is_read_from_its_last_number(shop: Shop) -> None:
    shop.contacts = [{"seq": n, "id": f"K-{n}"} for n in (1, 2, 4, 9)]
    source = connector(shop, "call_centre", ["contacts"])
    read = list(source.snapshot())
    assert ids(read) == ["K-1", "K-2", "K-4", "K-9"]
    assert read[-1].offset == {"complete": True, "marks": {"contacts": 9}}
    shop.contacts.append({"seq": 12, "id": "K-1"})
    changes = source.changes(read[-1].offset)
    assert ids(until_idle(changes)) == ["K-1"]


def test_a_snapshot_cut_short_starts_again(shop: Shop) -> None:
    source = connector(shop, "ecommerce", ["customers"])
    assert source.start_from(None) is None
    assert source.start_from({"complete": True, "marks": {}}) is not None


@pytest.mark.parametrize(
    ("failure", "error", "said"),
    [
        ((500, {}, b"oops"), RetryLater, "answered 500"),
        ((429, {"Retry-After": "7"}, b""), RetryLater, "answered 429"),
        ((401, {}, b""), StopSource, "refused the key"),
        ((404, {}, b""), StopSource, "answered 404"),
        ((302, {"Location": "/login"}, b""), StopSource, "answered 302"),
        (
            (200, {"Content-Type": "text/html"}, b"<html>Anne</html>"),
            RetryLater,
            "answered text/html where a JSON object was expected",
        ),
        ((200, {}, b"[]"), RetryLater, "where a JSON object was expected"),
        ((200, {}, b'{"items": 5}'), RetryLater, "without a usable `items`"),
        ((200, {}, b'{"items": ["x"]}'), RetryLater, "without a usable `items`"),
    ],
)
def test_a_bad_answer_is_told_in_one_sentence(
    shop: Shop, failure: Answer, error: type[RetryLater | StopSource], said: str
) -> None:
    shop.failure = failure
    with pytest.raises(error) as raised:
        connector(shop, "ecommerce", ["customers"]).check()
    assert said in raised.value.problem
    assert raised.value.remedy
    assert "Anne" not in str(raised.value)
    assert "secret" not in str(raised.value)


def test_the_wish_of_a_busy_service_is_kept(shop: Shop) -> None:
    shop.failure = (503, {"Retry-After": "7"}, b"")
    with pytest.raises(RetryLater) as raised:
        connector(shop, "ecommerce", ["customers"]).check()
    assert raised.value.after == 7


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    assert retry_after("3") == 3
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("soon") is None
    assert retry_after(None) is None


def test_a_service_that_is_away_is_waited_for() -> None:
    with (
        Client("http://127.0.0.1:9", key=None, timeout=1) as client,
        pytest.raises(RetryLater, match="does not answer"),
    ):
        client.get("/x", {})


def test_a_resource_that_points_to_itself_is_no_endless_loop(shop: Shop) -> None:
    body = {"items": [], "next": {"updated_since": "a", "after_id": "b"}}
    shop.failure = answer_json(body)
    read = connector(shop, "ecommerce", ["customers"]).snapshot()
    found = next(batch.retrying for batch in read if batch.retrying)
    assert "without a usable `next`" in found.problem


@pytest.mark.parametrize("what", ["snapshot", "changes"])
def test_a_page_that_cannot_be_read_is_asked_again_and_those_before_it_are_not(
    shop: Shop, what: str
) -> None:
    source = connector(shop, "ecommerce", ["customers"], overlap=0, retry_ceiling=0.01)
    batches = source.snapshot()
    if what == "changes":
        offset = list(batches)[-1].offset
        assert offset is not None
        batches = source.changes(offset)
    for number in range(6):
        shop.put(f"W-{number}", at=number)
    found: list[str] = []
    failures = 0
    while len(found) < 6:
        batch = next(batches)
        found += ids([batch])
        failures += batch.retrying is not None
        # the second of three pages is broken, three times
        broken = len(found) == 2 and failures < 3
        shop.failure = (502, {}, b"<html>") if broken else None

    assert failures == 3
    assert found == [f"W-{number}" for number in range(6)]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"])
def test_a_time_that_cannot_be_is_no_mark(shop: Shop, at: str) -> None:
    shop.customers = [{"id": "W-0", "updated_at": at}]
    source = connector(shop, "ecommerce", ["customers"], overlap=0.01)
    offset = list(source.snapshot())[-1].offset
    assert offset is not None
    changes = source.changes(offset)
    until_idle(changes)
    shop.put("W-1", at=1)
    assert "W-1" in ids(until_idle(changes))


def test_what_an_attempt_asks_first_in_vain_is_raised(shop: Shop) -> None:
    source = connector(shop, "ecommerce", ["customers"], overlap=0)
    offset = list(source.snapshot())[-1].offset
    assert offset is not None
    shop.failure = (502, {}, b"")
    with pytest.raises(RetryLater, match="answered 502"):
        next(source.changes(offset))


def test_a_setting_that_is_missing_is_named(shop: Shop) -> None:
    with pytest.raises(StopSource, match=r"`base_url` of ecommerce: Field required"):
        settings.parse(RestConfig, settings.read("ecommerce", None, {}))
