"""Profiles by id and by look-up."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from schemas.golden_record import Balance
from service.api.models.responses import CustomersAnswer, MovedAnswer, ProfileAnswer
from service.database.connection.session import Connection
from tests.api.channel import Channel
from tests.api.factories import (
    a_contact,
    a_customer,
    a_retired_id,
    a_source_record,
    a_system,
)


def test_a_profile_is_the_stored_document_with_its_freshness(
    channel: Channel, rows: Connection
) -> None:
    customer_id = a_customer(
        rows,
        "pos:C-1",
        given_name="Zoé",
        loyalty=[Balance(programme="fidelity", unit="points", amount=Decimal(120))],
    )
    a_system(rows, "pos", lag_ms=250)
    a_system(rows, "loyalty", lag_ms=None)

    answer = channel.get(f"/v1/customers/{customer_id}")

    assert answer.status_code == 200
    profile = ProfileAnswer.model_validate_json(answer.data)
    assert (profile.customer_id, profile.given_name) == (customer_id, "Zoé")
    assert profile.freshness["pos"].lag_ms == 250
    assert profile.freshness["pos"].position == [42]
    assert profile.freshness["loyalty"].lag_ms is None
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Set-Cookie" not in answer.headers


def test_an_unchanged_profile_is_a_304_and_a_changed_one_is_not(
    channel: Channel, rows: Connection
) -> None:
    customer_id = a_customer(rows, "pos:C-1", version=7)
    address = f"/v1/customers/{customer_id}"
    tag = channel.get(address).headers["ETag"]

    unchanged = channel.get(address, If_None_Match=f'"other", {tag}')
    rows.execute("UPDATE customer SET version = 8")
    changed = channel.get(address, If_None_Match=tag)

    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert unchanged.headers["ETag"] == tag
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


@pytest.mark.parametrize(
    "tag", ["*", '"', "é", 'W/"x.1"', f'"{UUID(int=7)}.9999999999999999999999"', '"²"']
)
def test_a_tag_that_is_not_ours_gives_the_profile(
    channel: Channel, rows: Connection, tag: str
) -> None:
    customer_id = a_customer(rows, "pos:C-1")

    answer = channel.get(f"/v1/customers/{customer_id}", If_None_Match=tag)

    assert answer.status_code == 200


def test_a_retired_id_leads_to_the_last_survivor_whatever_is_asked(
    channel: Channel, rows: Connection
) -> None:
    survivor = a_customer(rows, "pos:C-1")
    middle = a_retired_id(rows, into=survivor)
    retired = a_retired_id(rows, into=middle)

    for path in ("", "/loyalty", "/loyalty/movements", "/orders", "/sources"):
        answer = channel.get(f"/v1/customers/{retired}{path}")
        assert answer.status_code == 307, answer.text
        assert answer.headers["Location"] == f"/v1/customers/{survivor}{path}"
        assert MovedAnswer.model_validate_json(answer.data).customer_id == survivor


def test_a_redirect_keeps_the_question(channel: Channel, rows: Connection) -> None:
    survivor = a_customer(rows, "pos:C-1")
    retired = a_retired_id(rows, into=survivor)

    answer = channel.get(f"/v1/customers/{retired}/orders?limit=3")

    assert answer.headers["Location"] == f"/v1/customers/{survivor}/orders?limit=3"


def test_nobody_is_found_under_an_unknown_or_an_emptied_id(
    channel: Channel, rows: Connection
) -> None:
    emptied = a_customer(rows, "pos:C-1")
    rows.execute("UPDATE customer SET profile = NULL")

    for customer_id in (uuid4(), emptied):
        for path in ("", "/loyalty", "/loyalty/movements", "/orders", "/sources"):
            answer = channel.get(f"/v1/customers/{customer_id}{path}")
            assert answer.status_code == 404
            assert answer.json["type"] == "/problems/not-found"


def test_ids_that_retired_into_each_other_are_unknown_not_endless(
    channel: Channel, rows: Connection
) -> None:
    one = a_retired_id(rows, into=uuid4())
    other = a_retired_id(rows, into=one)
    rows.execute("UPDATE customer SET retired_into = %s WHERE customer_id = %s",
                 [other, one])  # fmt: skip

    assert channel.get(f"/v1/customers/{one}").status_code == 404


def found(channel: Channel, question: str) -> set[UUID]:
    answer = channel.get(f"/v1/customers?{question}")
    assert answer.status_code == 200, answer.text
    customers = CustomersAnswer.model_validate_json(answer.data).customers
    return {customer.customer_id for customer in customers}


def test_a_customer_is_found_by_each_of_its_source_keys(
    channel: Channel, rows: Connection
) -> None:
    customer_id = a_customer(rows, "pos:C-1")
    a_source_record(rows, customer_id, "ecommerce:a/b:ç 1")

    assert found(channel, "source_key=pos:C-1") == {customer_id}
    assert found(channel, "source_key=ecommerce:a%2Fb:%C3%A7%201") == {customer_id}
    assert found(channel, "source_key=pos:C-2") == set()


def test_customers_who_share_a_contact_come_as_a_list(
    channel: Channel, rows: Connection
) -> None:
    mother, son = a_customer(rows, "pos:C-1"), a_customer(rows, "pos:C-2")
    for customer_id in (mother, son):
        a_contact(rows, customer_id, "phone", "06 47 12 98 30")
    a_contact(rows, mother, "email", "Marie@Maison.test")
    a_contact(rows, son, "card", "2990 1234")

    assert found(channel, "phone=0647129830") == {mother, son}
    assert found(channel, "phone=%2B33647129830") == {mother, son}
    assert found(channel, "phone=+33647129830") == {mother, son}
    assert found(channel, "email=MARIE@maison.TEST") == {mother}
    assert found(channel, "card=29901234") == {son}
    assert found(channel, "card=29901235") == set()


def test_a_contact_shared_by_many_is_paged(channel: Channel, rows: Connection) -> None:
    everybody = [a_customer(rows, f"pos:C-{n}") for n in range(7)]
    for customer_id in everybody:
        a_contact(rows, customer_id, "email", "accueil@boutique.fr")

    pages = channel.pages(
        "/v1/customers?email=accueil@boutique.fr", "customers", limit=3
    )

    seen = [customer["customer_id"] for page in pages for customer in page]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert seen == sorted(str(customer_id) for customer_id in everybody)


@pytest.mark.parametrize(
    ("question", "parameter"),
    [
        ("", "query"),
        ("email=ab@b.fr&card=1", "query"),
        ("email=a@b.fr&email=c@d.fr", "query"),
        ("email=", "email"),
        ("email=a%00b", "email"),
        ("card=---", "card"),
        ("phone=none", "phone"),
        ("source_key=POS", "source_key"),
        ("source_key=pos:%00", "source_key"),
        ("name=Marie", "name"),
        ("email=ab@b.fr&limit=0", "limit"),
        ("email=ab@b.fr&limit=many", "limit"),
        ("email=ab@b.fr&cursor=abc", "cursor"),
    ],
)
def test_a_look_up_that_does_not_fit_is_a_422_that_names_the_parameter(
    channel: Channel, question: str, parameter: str
) -> None:
    answer = channel.get(f"/v1/customers?{question}")

    assert answer.status_code == 422, answer.text
    assert answer.mimetype == "application/problem+json"
    assert parameter in {error["parameter"] for error in answer.json["errors"]}


def test_a_refusal_repeats_nothing_personal(channel: Channel) -> None:
    for question in (
        "source_key=Marie.Dupont",
        "marie.dupont@exemple.fr=1",
        "phone=Marie.Dupont",
    ):
        answer = channel.get(f"/v1/customers?{question}")
        assert answer.status_code == 422
        assert "upont" not in answer.text.lower()


def test_an_id_that_is_no_uuid_is_a_422(channel: Channel) -> None:
    answer = channel.get("/v1/customers/Marie")

    assert answer.status_code == 422
    assert answer.json["errors"] == [
        {"parameter": "customer_id", "reason": "must be a UUID"}
    ]
