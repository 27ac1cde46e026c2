"""Every failure is a problem with a remedy; bad input is never a 5xx."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask_openapi.openapi import OpenAPI

from service.access import public
from service.api.http.problems import PROBLEMS
from service.api.http.request_checks import LARGEST_BODY
from tests.api.channel import Channel

DOCUMENT = Path(__file__).parents[2] / "docs" / "problems.md"


@pytest.fixture
def app_with_a_post(unreached: OpenAPI) -> OpenAPI:
    """The application with one route that takes a body, as later ones will."""

    @unreached.post("/v1/echo", doc_ui=False)
    @public
    def echo() -> str:
        return "read"

    @unreached.get("/v1/broken", doc_ui=False)
    @public
    def broken() -> str:
        raise ValueError("Marie Dupont")

    return unreached


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b'{"a": 1}', "application/json", 200),
        (b'{"a": ', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"", "application/json", 400),
        (b'{"a": 1}', "text/plain", 415),
        (b'{"a": 1}', "", 415),
        (b'"' + b"a" * LARGEST_BODY + b'"', "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    app_with_a_post: Flask, body: bytes, media_type: str, status: int
) -> None:
    answer = app_with_a_post.test_client().post(
        "/v1/echo", data=body, content_type=media_type
    )

    assert answer.status_code == status
    if status != 200:
        assert answer.mimetype == "application/problem+json"
        assert answer.json["status"] == status


def test_a_failure_of_ours_is_a_500_that_tells_nothing(app_with_a_post: Flask) -> None:
    answer = app_with_a_post.test_client().get("/v1/broken")

    assert answer.status_code == 500
    assert answer.json["instance"].startswith("urn:uuid:")
    assert "Marie" not in answer.text
    assert "ValueError" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        ("GET", "/", 404, "not-found"),
        ("GET", "/v1/customers/a/b/c", 404, "not-found"),
        ("GET", "/docs/../app.py", 404, "not-found"),
        ("GET", "/problems/nothing", 404, "not-found"),
        ("POST", "/v1/customers", 405, "method-not-allowed"),
        ("DELETE", "/v1/orders/pos:1", 405, "method-not-allowed"),
    ],
)
def test_what_is_not_there_is_a_problem(
    unreached: Flask, method: str, path: str, status: int, name: str
) -> None:
    answer = unreached.test_client().open(path, method=method)

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["type"] == f"/problems/{name}"
    assert set(answer.json) == {
        "type", "title", "status", "detail", "instance", "remedy"
    }  # fmt: skip
    assert ("Allow" in answer.headers) is (status == 405)


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 404),
        ("*/*", 404),
        ("text/html, application/*;q=0.1", 404),
        ("text/html", 406),
        ("application/json;q=0", 406),
    ],
)
def test_only_json_is_served(channel: Channel, accept: str, status: int) -> None:
    answer = channel.get("/v1/orders/pos:1", Accept=accept)

    assert answer.status_code == status


def test_every_answer_carries_the_guarding_headers(channel: Channel) -> None:
    for path in ("/v1/customers?card=1", "/health/live", "/docs", "/nothing"):
        headers = channel.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_problem_type_has_a_page_and_a_section_with_its_remedy(
    unreached: Flask, name: str
) -> None:
    told = unreached.test_client().get(f"/problems/{name}").json
    document = DOCUMENT.read_text()

    section = document.partition(f"## {name}\n")[2].partition("\n## ")[0]
    assert (told["type"], told["status"]) == (
        f"/problems/{name}",
        PROBLEMS[name].status,
    )
    assert told["remedy"] in " ".join(section.split())
    assert str(told["status"]) in section
