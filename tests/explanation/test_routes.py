"""The routes of search and explanation: answers, refusals, and nothing told to logs."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import schemathesis
from flask_openapi.openapi import OpenAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.access import create_key
from tests.api.channel import Channel
from tests.api.test_contract import CHECKS
from tests.explanation.resolved_database import ResolvedDatabase


@pytest.fixture
def known(stage: ResolvedDatabase) -> tuple[str, str, dict[str, Any]]:
    """Return a source key, its customer id and what is known of the person."""
    ((key, customer_id, features),) = stage.rows(
        "SELECT system || ':' || id, customer_id::text, features FROM source_record"
        " JOIN label USING (record_id) WHERE features ->> 'birth_date' IS NOT NULL"
        " AND features ->> 'given' IS NOT NULL AND features ->> 'family' IS NOT NULL"
        " ORDER BY record_id LIMIT 1"
    )
    assert isinstance(features, dict)
    person = {
        "given_name": features["given"],
        "family_name": features["family"],
        "birth_date": features["birth_date"],
    }
    return str(key), str(customer_id), person


def test_a_person_known_is_found_by_what_the_clerk_knows(
    channel: Channel, known: tuple[str, str, dict[str, Any]]
) -> None:
    _, customer_id, person = known
    answer = channel.post("/v1/customers/search?limit=3", person)

    assert answer.status_code == 200, answer.text
    assert answer.json["verdict"] == "found"
    assert answer.json["candidates"][0]["customer_id"] == customer_id
    assert answer.json["candidates"][0]["profile"]["version"] >= 1
    assert "freshness" in answer.json
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"surname": "Martin"}, 422, "surname"),
        ({"birth_date": "soon"}, 422, "birth_date"),
        ({"birth_date": 4}, 422, "birth_date"),
        ({"email": ["a@b.fr"]}, 422, "email"),
        ({"given_name": "x" * 400}, 422, "given_name"),
        ({}, 422, "body"),
        ({"given_name": "  ", "country": "FR"}, 422, "body"),
        ([], 422, None),
        ("Martin", 422, None),
    ],
)
def test_what_does_not_fit_is_named(
    channel: Channel, body: object, status: int, named: str | None
) -> None:
    answer = channel.post("/v1/customers/search", body)

    assert answer.status_code == status, answer.text
    if named:
        assert [error["parameter"] for error in answer.json["errors"]] == [named]
    assert "Martin" not in answer.text


@pytest.mark.parametrize(
    ("data", "media", "status"),
    [
        (b'{"given_name": ', "application/json", 400),
        (b"given_name=Marie", "application/x-www-form-urlencoded", 415),
        (b'{"given_name": "' + b"x" * 1_100_000 + b'"}', "application/json", 413),
    ],
    ids=["broken", "form", "large"],
)
def test_what_cannot_be_read_is_refused(
    app: OpenAPI, channel: Channel, data: bytes, media: str, status: int
) -> None:
    answer = app.test_client().post(
        "/v1/customers/search",
        data=data,
        content_type=media,
        headers={"Authorization": f"Bearer {channel.key}"},
    )

    assert answer.status_code == status, answer.text
    assert answer.json
    assert answer.json["type"].startswith("/problems/")


def test_scopes_are_asked_for(stage: ResolvedDatabase, app: OpenAPI) -> None:
    till = Channel(app, create_key(stage.url, channel="t", scopes=["orders:read"]))

    assert till.post("/v1/customers/search", {"city": "Lyon"}).status_code == 403
    assert till.get("/v1/explanations?left=pos:1&right=pos:2").status_code == 403


def test_why_and_how_answer_what_the_stage_holds(
    channel: Channel, known: tuple[str, str, dict[str, Any]]
) -> None:
    key, customer_id, _ = known
    how = channel.get(f"/v1/customers/{customer_id}/explanation")
    why = channel.get(f"/v1/explanations?left={key}&right={customer_id}")

    assert how.status_code == 200, how.text
    assert key in how.json["source_keys"]
    assert len(how.json["unions"]) == len(how.json["source_keys"]) - 1
    assert why.status_code == 200, why.text
    assert why.json["verdict"] == "one_customer"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/explanations?left=pos:none&right=pos:C-1", 404),
        ("/v1/explanations?left=none&right=pos:C-1", 422),
        ("/v1/explanations?left=pos:C-1", 422),
        ("/v1/explanations?left=pos:C-1&right=pos:2&x=1", 422),
        ("/v1/customers/0190f7a0-0000-7000-8000-000000000000/explanation", 404),
        ("/v1/customers/pos:1/explanation", 422),
    ],
)
def test_an_unknown_subject_is_refused(
    channel: Channel, path: str, status: int
) -> None:
    answer = channel.get(path)

    assert answer.status_code == status, answer.text
    assert "none" not in answer.text


def test_a_retired_id_answers_where_its_explanation_is(
    stage: ResolvedDatabase, channel: Channel, known: tuple[str, str, dict[str, Any]]
) -> None:
    _, customer_id, _ = known
    ((retired,),) = stage.rows(
        "INSERT INTO customer (customer_id, version, retired_into)"
        " VALUES (uuidv7(), 1, %s) RETURNING customer_id::text",
        customer_id,
    )
    moved = channel.get(f"/v1/customers/{retired}/explanation")
    told = channel.get(f"/v1/explanations?left={retired}&right={customer_id}")

    assert moved.status_code == 307
    assert moved.headers["Location"] == f"/v1/customers/{customer_id}/explanation"
    assert told.json["left"]["customer_id"] == customer_id


def test_no_log_tells_whom_was_searched_for(
    channel: Channel,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    person = {"given_name": "Zénobie", "family_name": "Trucmuche", "city": "Lyon"}
    assert channel.post("/v1/customers/search", person).status_code == 200
    assert channel.post("/v1/customers/search", {**person, "x": 1}).status_code == 422

    written = "".join([*capfd.readouterr(), caplog.text]).casefold()
    assert "trucmuche" not in written
    assert "nobie" not in written


def test_no_input_of_these_routes_is_answered_otherwise_than_documented(
    stage: ResolvedDatabase, app: OpenAPI, known: tuple[str, str, dict[str, Any]]
) -> None:
    key, customer_id, person = known
    whole = schemathesis.openapi.from_wsgi("/openapi.json", app)
    schema = whole.include(path_regex="(search|explanations?)$")
    token = create_key(
        stage.url, channel="desk", scopes=["customers:read", "sources:read"]
    )
    subjects = st.sampled_from([key, customer_id])
    answered: set[tuple[str, int]] = set()
    for result in schema.get_all_operations():
        drawn = result.ok().as_strategy()

        @settings(max_examples=15, database=None,
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(case=drawn, real=st.booleans(), left=subjects, right=subjects)
        def ask(case: schemathesis.Case, real: bool, left: str, right: str) -> None:
            if real and "customer_id" in (case.path_parameters or {}):
                case.path_parameters["customer_id"] = customer_id
            if real and case.path == "/v1/explanations":
                case.query = {"left": left, "right": right}
            if real and case.method == "POST":
                case.body, case.query = person, {}
            answer = case.call(headers={"Authorization": f"Bearer {token}"})
            case.validate_response(answer, checks=CHECKS)
            answered.add((case.path, answer.status_code))

        ask()
    assert {path for path, status in answered if status == 200} == {
        "/v1/customers/search",
        "/v1/customers/{customer_id}/explanation",
        "/v1/explanations",
    }
