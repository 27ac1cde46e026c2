"""The queue of a steward: most harmful first, paged; and who lives with whom."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from matching.features.normalise import normalise
from matching.model.model_version import Model
from schemas.source_record import CustomerRecord
from service.access import create_key
from service.api.views.reviews import HouseholdAnswer, ReviewsAnswer
from service.database.connection.session import Connection
from service.database.stewardship import review_pair
from tests.api.channel import Channel
from tests.api.factories import a_consent, a_customer, a_movement, an_order

HOME: dict[str, Any] = {
    "family_name": "Bertholon",
    "addresses": [
        {"street": "12 av. de la Gare", "postal_code": "69003", "city": "Lyon"}
    ],
}


def a_case(
    rows: Connection, left: str, right: str, *, probability: float = 0.5
) -> None:
    rows.execute(
        "INSERT INTO review (kind, a, b, why, weight, probability)"
        " SELECT 'undecided', a.record_id, b.record_id, 'the model is not sure', 1, %s"
        " FROM source_record a, source_record b"
        " WHERE a.system || ':' || a.id = %s AND b.system || ':' || b.id = %s",
        [probability, left, right],
    )


@pytest.fixture
def queue(rows: Connection) -> None:
    """Four cases: of points, of an open order, of a conflict, and of nothing."""
    for number in range(8):
        a_customer(rows, f"pos:{number}")
    for left in range(0, 8, 2):
        a_case(rows, f"pos:{left}", f"pos:{left + 1}")
    a_movement(rows, "pos:m1", of="pos:2", amount="100")
    an_order(rows, "pos:o1", of="pos:4")
    an_order(rows, "pos:o2", of="pos:5")
    an_order(rows, "pos:o3", of="pos:6", status="collected")
    a_consent(rows, "pos:c1", of="pos:0")
    a_consent(rows, "pos:c2", of="pos:1")
    rows.execute(
        "UPDATE consent SET record = jsonb_set(record, '{status}', '\"withdrawn\"')"
        " WHERE id = 'c2'"
    )


def test_cases_come_by_what_is_at_stake(
    channel: Channel, rows: Connection, queue: None
) -> None:
    told = ReviewsAnswer.model_validate_json(channel.get("/v1/reviews").data)

    assert [str(one.left.source_key) for one in told.reviews] == [
        "pos:0",
        "pos:2",
        "pos:4",
        "pos:6",
    ]
    conflict, points, orders, nothing = [one.at_stake for one in told.reviews]
    assert conflict.consent_conflict
    assert points.points == 100
    assert orders.open_orders == 2
    assert (nothing.points, nothing.open_orders) == (0, 0)


def test_a_line_that_another_ledger_confirms_is_at_stake_once(
    channel: Channel, rows: Connection, queue: None
) -> None:
    a_movement(rows, "till:m1", of="pos:2", amount="100", confirms="pos:m1")

    told = ReviewsAnswer.model_validate_json(channel.get("/v1/reviews").data)
    (case,) = [c for c in told.reviews if str(c.left.source_key) == "pos:2"]
    assert case.at_stake.points == 100

    owner = rows.execute(
        "SELECT customer_id FROM label JOIN source_record USING (record_id)"
        " WHERE (system, id) = ('pos', '2')"
    ).fetchone()
    assert owner is not None
    assert review_pair.facts(rows, owner[0]).points == 100


def test_a_case_that_the_model_is_nearly_sure_of_comes_later(
    channel: Channel, rows: Connection, queue: None
) -> None:
    rows.execute("UPDATE review SET probability = 0.99 WHERE why IS NOT NULL")
    rows.execute(
        "UPDATE review SET probability = 0.5 WHERE a = (SELECT record_id"
        " FROM source_record WHERE id = '6')"
    )
    told = ReviewsAnswer.model_validate_json(channel.get("/v1/reviews").data)

    assert str(told.reviews[0].left.source_key) == "pos:6"


@pytest.mark.parametrize("limit", [1, 3, 4])
def test_pages_hold_every_case_once(channel: Channel, queue: None, limit: int) -> None:
    pages = channel.pages("/v1/reviews", "reviews", limit=limit)
    ids = [one["review_id"] for page in pages for one in page]

    assert len(ids) == len(set(ids)) == 4


def test_cases_can_be_asked_for_by_kind(channel: Channel, queue: None) -> None:
    found = {
        kind: channel.pages(f"/v1/reviews?kind={kind}", "reviews", limit=9)
        for kind in ("undecided", "refused")
    }

    assert len(found["undecided"][0]) == 4
    assert found["refused"] == [[]]
    assert channel.get("/v1/reviews?kind=other").status_code == 422


def test_a_channel_without_the_scope_sees_no_case(
    channel: Channel, database_url: str
) -> None:
    channel.key = create_key(database_url, channel="till", scopes=["customers:read"])

    assert channel.get("/v1/reviews").status_code == 403


def test_open_cases_are_counted_for_prometheus(channel: Channel, queue: None) -> None:
    assert 'couture_open_reviews{kind="undecided"} 4.0' in channel.get("/metrics").text


def known(rows: Connection, key: str, **fields: Any) -> UUID:
    """Store a customer of one record with its features and keys."""
    customer_id = a_customer(rows, key)
    model = Model.load()
    features = model.freeze(normalise(CustomerRecord(**{**HOME, **fields})))
    rows.execute(
        "UPDATE source_record SET features = %s WHERE system || ':' || id = %s",
        [Jsonb(features), key],
    )
    rows.execute(
        "INSERT INTO blocking_key (key, record_id) SELECT unnest(%s::bigint[]),"
        " record_id FROM source_record WHERE system || ':' || id = %s",
        [model.blocking_keys(features), key],
    )
    return customer_id


def test_a_household_shares_a_home_or_a_contact_and_is_told_apart(
    channel: Channel, rows: Connection
) -> None:
    marc = known(rows, "pos:1", given_name="Marc", phones=["0612345679"])
    wife = known(rows, "pos:2", given_name="Sylvie")
    known(rows, "web:3", given_name="Marc")  # may be himself
    away = known(
        rows,
        "web:4",
        given_name="Louis",
        phones=["06 12 34 56 79"],
        addresses=[],
    )
    known(rows, "web:5", given_name="Jean", family_name="Ricard")  # another flat
    told = HouseholdAnswer.model_validate_json(
        channel.get(f"/v1/customers/{marc}/household").data
    )

    assert {
        one.customer_id: [str(shared.tie) for shared in one.shares]
        for one in told.household
    } == {wife: ["home"], away: ["phone"]}


def test_a_phone_of_too_many_makes_no_household(
    channel: Channel, rows: Connection
) -> None:
    ids = [
        known(
            rows,
            f"pos:{number}",
            given_name=name,
            family_name=name[::-1],
            phones=["0612345679"],
            addresses=[],
        )
        for number, name in enumerate(f"{a}{b}lio" for a in "bdfglm" for b in "aeiouy")
    ]

    told = HouseholdAnswer.model_validate_json(
        channel.get(f"/v1/customers/{ids[0]}/household").data
    )

    assert told.household == []
