"""Who may ask: keys, scopes, and routes that must declare one."""

from __future__ import annotations

import itertools
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from service.access import (
    PERSON,
    PUBLIC,
    Keyring,
    create_key,
    declared_scope,
    list_keys,
    needs,
    public,
    require_declared_scopes,
    revoke_key,
)
from service.database.connection import pools
from service.database.connection.session import Connection
from service.domain.scopes import READ_SCOPES, SCOPES
from service.errors import (
    DatabaseNotMigrated,
    DatabaseUnavailable,
    KeyRefused,
    Misconfigured,
    UnknownKey,
    UnknownScope,
)
from tests.api.channel import Channel

GUARDED = {
    "/v1/customers/{id}": "customers:read",
    "/v1/customers?card=1": "customers:read",
    "/v1/customers/{id}/loyalty": "loyalty:read",
    "/v1/customers/{id}/loyalty/movements": "loyalty:read",
    "/v1/customers/{id}/orders": "orders:read",
    "/v1/orders/pos:1": "orders:read",
    "/v1/customers/{id}/sources": "sources:read",
    "/v1/customers/{id}/loyalty/expiring": "loyalty:read",
    "/v1/reviews": "reviews:read",
    "/v1/customers/{id}/household": "households:read",
    "POST /v1/customers/search": "customers:read",
    "/v1/customers/{id}/explanation": "sources:read",
    "/v1/explanations": "sources:read",
    "/v1/customers/{id}/timeline": "timeline:read",
    "/v1/customers/{id}/cases": "cases:read",
    "/v1/customers/{id}/insights": "insights:read",
    "/v1/insights": "insights:read",
    "POST /v1/loyalty/movements": "loyalty:burn",
    "/v1/dead-letters": "operator",
    "/v1/dead-letters/1": "operator",
    "PUT /v1/dead-letters/1/message": "operator",
    "POST /v1/dead-letters/1/replay": "operator",
    "POST /v1/dead-letters/1/discard": "operator",
    "/v1/connectors": "operator",
    "POST /v1/connectors/pos/pause": "operator",
    "/v1/changes": "changes:read",
    "/v1/customers/{id}/history": "history:read",
    "POST /v1/handoffs": "handoffs:write",
    "POST /v1/handoffs/redeem": "handoffs:redeem",
    "/v1/webhooks": "webhooks:write",
    "POST /v1/webhooks": "webhooks:write",
    "DELETE /v1/webhooks/{id}": "webhooks:write",
    "POST /v1/webhooks/{id}/resume": "webhooks:write",
    "/v1/webhooks/{id}/deliveries": "webhooks:write",
    "POST /v1/erasures": "privacy:erase",
    "/v1/customers/{id}/export": "privacy:export",
    "/v1/customers/{id}/export/page": "privacy:export",
    "POST /v1/records/till": "records:write",
}


def ask(app: Flask, route: str, authorization: str | None) -> TestResponse:
    """Ask a route of the table; a body, where one is due, that fits none of them."""
    method, _, path = route.rpartition(" ")
    headers = {} if authorization is None else {"Authorization": authorization}
    return app.test_client().open(
        path.format(id=uuid4()),
        method=method or "GET",
        headers=headers,
        json={} if method else None,
    )


def test_every_guarded_route_is_in_the_table_of_this_test(app: Flask) -> None:
    guarded = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if declared_scope(app, rule.endpoint) not in (PUBLIC, PERSON)
    ]
    assert len(guarded) == len(GUARDED)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer nonsense",
        "Bearer couture_0_0",
        "Bearer couture_\u00e9_1",
        "Basic Y291dHVyZTpx",
    ],
)
def test_without_a_valid_key_every_route_is_a_401(
    app: Flask, header: str | None
) -> None:
    for path in GUARDED:
        answer = ask(app, path, header)
        assert answer.status_code == 401, path
        assert answer.json["type"] == "/problems/unauthenticated"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_opens_the_routes_of_its_scopes_and_no_others(
    app: Flask, database_url: str
) -> None:
    for scope in sorted(set(GUARDED.values())):
        key = create_key(database_url, channel="till", scopes=[scope])
        for path, needed in GUARDED.items():
            answer = ask(app, path, f"Bearer {key}")
            assert (answer.status_code == 403) is (needed != scope), path
            if needed != scope:
                assert needed in answer.json["detail"]
                assert "insufficient_scope" in answer.headers["WWW-Authenticate"]


def test_a_key_with_another_secret_is_refused(app: Flask, channel: Channel) -> None:
    last = "0" if channel.key[-1] != "0" else "1"

    answer = Channel(app, channel.key[:-1] + last).get("/v1/customers?card=1")

    assert answer.status_code == 401


def test_a_revoked_key_is_refused_once_it_is_forgotten(database_url: str) -> None:
    now = itertools.count(0.0, 1.0)
    key = create_key(database_url, channel="till", scopes=["orders:read"])
    with pools.open_pool(database_url, size=1) as pool:
        keyring = Keyring(pool, remember_s=2.0, clock=lambda: next(now))
        assert keyring.caller(key).channel == "till"

        revoke_key(database_url, key.split("_")[1])

        assert keyring.caller(key).channel == "till"  # remembered for a moment
        for _ in range(2):
            with pytest.raises(KeyRefused):
                keyring.caller(key)


def test_a_key_of_which_nothing_is_said_only_reads() -> None:
    assert READ_SCOPES
    assert all(scope.endswith(":read") for scope in READ_SCOPES)
    assert {"loyalty:burn", "loyalty:adjust", "records:write"} <= set(SCOPES)


def test_only_the_hash_of_a_secret_is_stored(
    database_url: str, rows: Connection
) -> None:
    key = create_key(database_url, channel="till", scopes=["orders:read"])

    stored = rows.execute("SELECT k::text FROM api_key k").fetchone()

    assert stored
    _, key_id, secret = key.split("_")
    assert key_id in stored[0]
    assert secret not in stored[0]
    assert len(secret) == 64


def test_keys_are_listed_with_their_state(database_url: str) -> None:
    key_id = create_key(database_url, channel="till", scopes=["orders:read"])[8:20]
    create_key(database_url, channel="web", scopes=["orders:read", "loyalty:read"])

    revoke_key(database_url, key_id)

    till, web = list_keys(database_url)
    assert (till.key_id, till.channel) == (key_id, "till")
    assert till.revoked_at is not None
    assert (web.scopes, web.revoked_at) == (("loyalty:read", "orders:read"), None)


def test_a_wrong_order_about_keys_is_refused_with_a_remedy(database_url: str) -> None:
    with pytest.raises(UnknownScope) as scope:
        create_key(database_url, channel="till", scopes=["orders:write"])
    with pytest.raises(UnknownScope):
        create_key(database_url, channel="till", scopes=[])
    with pytest.raises(UnknownKey):
        revoke_key(database_url, "nobody")

    assert "orders:read" in scope.value.sentence()


def test_no_key_is_made_where_the_tables_are_not(postgres_url: str) -> None:
    with pytest.raises(DatabaseNotMigrated, match="is not at revision"):
        create_key(postgres_url, channel="till", scopes=["orders:read"])
    with pytest.raises(DatabaseUnavailable, match="127"):
        create_key("postgresql://127.0.0.1:1/x", channel="t", scopes=["orders:read"])


@pytest.fixture
def bare_app() -> Flask:
    return Flask("bare", static_folder=None)


def test_an_application_with_a_silent_route_does_not_start(bare_app: Flask) -> None:
    bare_app.add_url_rule("/open", view_func=public(lambda: ""), endpoint="open")
    bare_app.add_url_rule("/leak", view_func=lambda: "", endpoint="leak")

    with pytest.raises(Misconfigured, match=r"/leak\."):
        require_declared_scopes(bare_app)


def test_an_application_with_an_unknown_scope_does_not_start(bare_app: Flask) -> None:
    view = needs("orders:reed")(lambda: "")
    bare_app.add_url_rule("/orders", view_func=view, endpoint="orders")

    with pytest.raises(Misconfigured, match="/orders"):
        require_declared_scopes(bare_app)
