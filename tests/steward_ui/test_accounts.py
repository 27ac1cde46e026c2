"""Who may enter: passwords, roles, sessions that end, forms that are ours."""

from __future__ import annotations

import hashlib
import html
import re
import shlex
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from playwright.sync_api import expect
from werkzeug.test import TestResponse

from service.access import PERSON, declared_scope
from service.app import create_app
from service.database.connection.session import Connection
from service.settings import Settings
from service.steward_ui.sign_in import inside
from service.stewardship import accounts
from service.stewardship.accounts import LONGEST_S, TooManyTries, UnfitAccount
from tests.steward_ui.visitor import PASSWORD, Room, Visitor

Visit = Callable[..., Visitor]


@pytest.fixture
def app(room: Room) -> Iterator[Flask]:
    """The application on the room's database, in this process."""
    made = create_app(Settings(database_url=room.stage.url, api_threads=2))
    yield made
    made.extensions["couture"].pool.close()


def post(app: Flask, path: str, **fields: str) -> TestResponse:
    """Return the answer to a form that was loaded from the sign-in page."""
    client = app.test_client()
    shown = client.get("/steward/sign-in").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', shown)
    assert token
    return client.post(path, data={"csrf_token": token[1], **fields})


def test_no_page_is_shown_without_signing_in(app: Flask) -> None:
    rooms = [
        rule.rule.replace("<int:review_id>", "1").replace("<int:decision_id>", "1")
        for rule in app.url_map.iter_rules()
        if declared_scope(app, rule.endpoint) == PERSON and "GET" in rule.methods
    ]

    assert len(rooms) >= 5
    for path in rooms:
        answer = app.test_client().get(path)
        assert answer.status_code == 303, path
        assert answer.headers["Location"].startswith("/steward/sign-in")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/steward/nowhere/at/all", 404),
        ("/steward/static/room.py", 404),
        ("/steward/cases/" + "9" * 30, 303),
    ],
)
def test_bad_input_is_told_on_a_page_and_never_a_5xx(
    app: Flask, path: str, status: int
) -> None:
    answer = app.test_client().get(path)

    assert answer.status_code == status
    assert answer.content_type.startswith("text/html")


def test_a_query_that_is_not_utf_8_is_a_400_on_a_page(app: Flask) -> None:
    answer = app.test_client().get(
        "/steward/sign-in", environ_overrides={"QUERY_STRING": "next=\xff"}
    )

    assert answer.status_code == 400
    assert answer.content_type.startswith("text/html")


def test_a_form_that_is_not_ours_is_refused(app: Flask) -> None:
    fields = {"name": "Camille", "password": PASSWORD}

    answer = app.test_client().post("/steward/sign-in", data=fields)

    assert answer.status_code == 400
    assert "Set-Cookie" not in answer.headers or "couture_session" not in str(
        answer.headers
    )


def test_a_wrong_password_a_removed_and_an_unknown_person_are_alike(
    app: Flask, room: Room
) -> None:
    accounts.add(room.stage.connection, "Gone", password=PASSWORD, roles=["reader"])
    accounts.remove(room.stage.connection, "Gone")
    pairs = [("Camille", "wrong"), ("Gone", PASSWORD), ("Nobody", PASSWORD)]

    answers = [post(app, "/steward/sign-in", name=n, password=p) for n, p in pairs]

    assert {answer.status_code for answer in answers} == {401}
    assert not any("couture_session" in str(answer.headers) for answer in answers)


def test_the_cookie_is_for_this_room_and_no_script(app: Flask) -> None:
    answer = post(app, "/steward/sign-in", name="Camille", password=PASSWORD)

    cookies = answer.headers.getlist("Set-Cookie")
    (cookie,) = [one for one in cookies if one.startswith("couture_session=")]
    for part in ("HttpOnly", "SameSite=Lax", "Path=/steward"):
        assert part in cookie


def test_every_page_loads_from_here_alone(app: Flask) -> None:
    policy = (
        app.test_client().get("/steward/sign-in").headers["Content-Security-Policy"]
    )

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path", ["https://bad.example", "//bad.example", "/steward/\\x", "", "/v1/x"]
)
def test_signing_in_leads_nowhere_else(path: str) -> None:
    assert inside(path) == "/steward/queue"
    assert inside("/steward/cases/4?kind=giant") == "/steward/cases/4?kind=giant"


@pytest.mark.parametrize(
    ("column", "seconds"), [("seen_at", accounts.IDLE_S), ("started_at", LONGEST_S)]
)
def test_a_session_ends_when_idle_and_in_any_case(
    connection: Connection, column: str, seconds: int
) -> None:
    accounts.add(connection, "Ada", password=PASSWORD, roles=["steward"])
    token = accounts.start_session(connection, "Ada")
    assert accounts.present(connection, token)

    connection.execute(
        f"UPDATE person_session SET {column} = now()"
        f" - make_interval(secs => {seconds + 1})".encode()
    )

    assert accounts.present(connection, token) is None


def test_only_hashes_are_stored(connection: Connection) -> None:
    accounts.add(connection, "Ada", password=PASSWORD, roles=["steward"])
    token = accounts.start_session(connection, "Ada")

    stored = connection.execute(
        "SELECT p::text, s::text FROM person p, person_session s"
    )

    (row,) = stored.fetchall()
    assert "$argon2id$" in row[0]
    assert PASSWORD not in row[0]
    assert token not in row[1]


def test_strangers_are_stopped_and_lock_nobody_out(connection: Connection) -> None:
    accounts.add(connection, "Ada", password=PASSWORD, roles=["steward"])
    assert accounts.fitting(connection, "Ada", PASSWORD)
    browser = accounts.remember_browser(connection, "Ada", "")
    for _ in range(10):
        assert accounts.fitting(connection, "Ada", "a guess") is None

    with pytest.raises(TooManyTries):
        accounts.fitting(connection, "Ada", PASSWORD)
    with pytest.raises(TooManyTries):
        accounts.fitting(connection, "Ada", PASSWORD, browser="another browser")
    assert accounts.fitting(connection, "Ada", PASSWORD, browser=browser)
    for _ in range(10):
        accounts.fitting(connection, "Ada", "a guess", browser=browser)
    with pytest.raises(TooManyTries):
        accounts.fitting(connection, "Ada", PASSWORD, browser=browser)


def test_a_page_that_renews_itself_keeps_no_session_alive(
    app: Flask, room: Room
) -> None:
    token = accounts.start_session(room.stage.connection, "Camille")
    client = app.test_client()
    client.set_cookie("couture_session", token, path="/steward")
    idle = "UPDATE person_session SET seen_at = now() - interval '20 min' RETURNING 1"
    room.stage.rows(idle)

    def seen_minutes_ago() -> int:
        ((age,),) = room.stage.rows(
            "SELECT min(extract(epoch FROM now() - seen_at))::int / 60"
            " FROM person_session WHERE token_hash = %s",
            hashlib.sha256(token.encode()).digest(),
        )
        return int(str(age))

    itself = {"HX-Request": "true"}
    assert client.get("/steward/queue", headers=itself).status_code == 200
    assert seen_minutes_ago() == 20
    assert client.get("/steward/queue").status_code == 200
    assert seen_minutes_ago() == 0

    accounts.end_session(room.stage.connection, token)
    gone = client.get("/steward/queue", headers=itself)
    assert gone.status_code == 204
    assert gone.headers["HX-Redirect"].startswith(
        "/steward/sign-in?next=/steward/queue"
    )


def test_a_key_is_quoted_for_the_shell_and_the_url(app: Flask, room: Room) -> None:
    made = room.make_case()
    evil = "x'; touch /tmp/pwned; '&b=1"
    room.stage.rows(
        "UPDATE source_record SET id = %s WHERE system || ':' || id = %s RETURNING 1",
        evil,
        made.left,
    )
    token = accounts.start_session(room.stage.connection, "Lou")
    client = app.test_client()
    client.set_cookie("couture_session", token, path="/steward")

    shown = html.unescape(client.get(f"/steward/cases/{made.review_id}").text)

    block = shown.partition("<code>curl ")[2].partition("</code>")[0]
    said, decide = (
        shlex.split(block.splitlines()[0]),
        shlex.split(block.splitlines()[1]),
    )
    url = urlsplit(said[-1])
    assert parse_qs(url.query)["left"] in ([f"room:{evil}"], [made.right])
    assert f"room:{evil}" in decide
    assert len(decide) == 7


@pytest.mark.parametrize(
    ("name", "password", "roles"),
    [
        ("Ada", "short", ["steward"]),
        ("", PASSWORD, ["steward"]),
        ("A\nda", PASSWORD, ["steward"]),
        ("Ada", PASSWORD, ["king"]),
        ("Ada", PASSWORD, []),
    ],
)
def test_an_unfit_account_is_not_made(
    connection: Connection, name: str, password: str, roles: list[str]
) -> None:
    with pytest.raises(UnfitAccount):
        accounts.add(connection, name, password=password, roles=roles)
    assert accounts.every(connection) == []


def test_one_signs_in_and_out_by_the_form(room: Room, visit: Visit) -> None:
    guest = visit(None)
    guest.sign_in("Sacha", "not the password")
    expect(guest.page.get_by_role("alert")).to_contain_text("do not belong together")
    guest.sign_in("Sacha")
    expect(guest.page).to_have_url(f"{room.url}/steward/queue")
    guest.page.get_by_role("button", name="Français").click()
    expect(guest.page.locator("h1")).to_have_text("Ce qui vous attend")

    guest.page.get_by_role("button", name="Se déconnecter").click()

    expect(guest.page).to_have_url(f"{room.url}/steward/sign-in")
    guest.go("/steward/history")
    expect(guest.page.locator("[name=password]")).to_be_visible()


def test_a_reader_reads_and_cannot_answer(room: Room, visit: Visit) -> None:
    made, lou = room.make_case(), visit("Lou")
    lou.open(made)
    expect(lou.page.locator(".sides")).to_be_visible()
    expect(lou.page.locator(".decide")).to_have_count(0)
    token = lou.page.locator("[name=csrf_token]").first.get_attribute("value")

    answer = lou.page.request.post(
        f"{room.url}/steward/cases/{made.review_id}/answer",
        form={"csrf_token": token or "", "answer": "same", "state": ""},
    )

    assert answer.status == 403
    assert room.decisions(made) == []


def test_an_expired_session_leads_back_to_where_one_was(
    room: Room, visit: Visit
) -> None:
    made, sacha = room.make_case(), visit("Sacha")
    room.stage.rows("DELETE FROM person_session WHERE name = 'Sacha' RETURNING 1")

    sacha.open(made)
    expect(sacha.page.get_by_role("status")).to_contain_text("session has ended")
    sacha.page.fill("[name=name]", "Sacha")
    sacha.page.fill("[name=password]", PASSWORD)
    sacha.page.click("button.main")

    expect(sacha.page).to_have_url(f"{room.url}/steward/cases/{made.review_id}")
