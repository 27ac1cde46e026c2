"""Figures over the contacts of customers."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from service.api.models.timeline import CustomerInsightsAnswer, InsightsAnswer
from service.database.connection.session import Connection
from tests.api.channel import Channel
from tests.api.factories import a_contact_with, a_customer


@pytest.fixture
def contacts(rows: Connection) -> UUID:
    """Four cases of two customers around noon, and one long before."""
    mine = a_customer(rows, "pos:C-1", "call_centre:9")
    a_customer(rows, "pos:C-2")
    day = 24 * 60
    for key, of, minutes, fields in (
        ("call_centre:1", "call_centre:9", 0, {"case_id": "K-1"}),
        ("pos:2", "pos:C-1", 2 * day, {"case_id": "K-1", "channel": "store"}),
        ("pos:3", "pos:C-1", 12 * day, {"channel": "store"}),
        ("call_centre:4", "pos:C-2", 0, {"case_id": "K-1"}),
        ("call_centre:5", "pos:C-2", 1, {"status": "open"}),
        # opened before the window: neither case nor contact of it
        ("call_centre:6", "call_centre:9", -20 * day, {"case_id": "K-0"}),
        ("call_centre:7", "call_centre:9", 1 * day, {"case_id": "K-0"}),
    ):
        told = {"status": "closed", **fields}
        a_contact_with(rows, key, of=of, minutes=minutes, **told)
    # closed it stays, though the last contact does not say so
    rows.execute(
        "UPDATE interaction SET record = record - 'status'"
        " WHERE (system, id) = ('pos', '2')"
    )
    return mine


def test_insights_are_what_the_documentation_defines(
    channel: Channel, contacts: UUID
) -> None:
    window = "since=2026-05-03T00:00:00Z&until=2026-05-30T00:00:00Z"

    everyone = InsightsAnswer.model_validate_json(
        channel.get(f"/v1/insights?{window}").data
    )
    mine = CustomerInsightsAnswer.model_validate_json(
        channel.get(f"/v1/customers/{contacts}/insights?{window}").data
    )

    assert (everyone.contacts, everyone.customers) == (6, 2)
    assert everyone.contacts_per_customer == 3
    assert (everyone.repeat_contacts, everyone.repeat_rate) == (3, 0.5)
    assert (everyone.cases, everyone.closed_cases) == (4, 3)
    assert everyone.resolved_at_first_contact == 2
    assert everyone.first_contact_resolution == 0.6667
    assert everyone.cases_across_channels == 1
    assert [tuple(orjson.loads(c.model_dump_json()).values())
            for c in everyone.channels] == [
        ("call", 4, 2, 2),
        ("store", 2, 1, 1),
    ]  # fmt: skip
    assert (mine.contacts, mine.customers, mine.cases) == (4, 1, 2)
    assert mine.resolved_at_first_contact == 1


def test_insights_without_contacts_have_no_rates(channel: Channel) -> None:
    told = InsightsAnswer.model_validate_json(channel.get("/v1/insights").data)

    assert (told.contacts, told.repeat_rate, told.first_contact_resolution) == (
        0,
        None,
        None,
    )
    assert told.until - told.since == timedelta(days=30)


@pytest.mark.parametrize(
    "query",
    [
        "since=2026-05-03T00:00:00Z&until=2026-05-03T00:00:00Z",
        "since=2020-05-03T00:00:00Z&until=2026-05-03T00:00:00Z",
        "until=0001-01-01T00:00:00Z",
        "repeat_days=31",
        "since=2026-05-03",
    ],
)
def test_a_window_that_cannot_be_is_a_422(channel: Channel, query: str) -> None:
    assert channel.get(f"/v1/insights?{query}").status_code == 422
