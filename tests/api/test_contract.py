"""The OpenAPI document is true, and no input makes the API fail."""

from __future__ import annotations

from uuid import UUID

import pytest
import schemathesis
from flask_openapi.openapi import OpenAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.access import SCOPES, create_key
from service.database.connection.session import Connection
from tests.api.channel import Channel
from tests.api.factories import (
    a_consent,
    a_contact_with,
    a_customer,
    a_movement,
    a_system,
    an_order,
)
from tests.faults.scale import scaled

CASES_EACH = scaled(13, 125)  # for 40 operations in two ways: 1,040, or 10,000
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_QUICK = settings(
    max_examples=CASES_EACH,
    database=None,
    suppress_health_check=list(HealthCheck),
)
PATHS = {
    "/v1/customers",
    "/v1/customers/search",
    "/v1/customers/{customer_id}",
    "/v1/customers/{customer_id}/explanation",
    "/v1/explanations",
    "/v1/customers/{customer_id}/loyalty",
    "/v1/customers/{customer_id}/loyalty/expiring",
    "/v1/customers/{customer_id}/loyalty/movements",
    "/v1/customers/{customer_id}/orders",
    "/v1/customers/{customer_id}/sources",
    "/v1/customers/{customer_id}/timeline",
    "/v1/customers/{customer_id}/cases",
    "/v1/customers/{customer_id}/insights",
    "/v1/customers/{customer_id}/household",
    "/v1/reviews",
    "/v1/webhooks",
    "/v1/webhooks/{webhook_id}",
    "/v1/webhooks/{webhook_id}/resume",
    "/v1/webhooks/{webhook_id}/deliveries",
    "/v1/customers/{customer_id}/history",
    "/v1/handoffs",
    "/v1/handoffs/redeem",
    "/v1/changes",
    "/v1/insights",
    "/v1/loyalty/movements",
    "/v1/dead-letters",
    "/v1/dead-letters/{letter_id}",
    "/v1/dead-letters/{letter_id}/message",
    "/v1/dead-letters/{letter_id}/replay",
    "/v1/dead-letters/{letter_id}/discard",
    "/v1/connectors",
    "/v1/connectors/{system}/{action}",
    "/v1/orders/{order_key}",
    "/v1/erasures",
    "/v1/customers/{customer_id}/export",
    "/v1/customers/{customer_id}/export/page",
    "/v1/records/{system}",
    "/health/live",
    "/health/ready",
}

OPERATIONS = len(PATHS) + 1  # each path has one method, /v1/webhooks two


def test_the_document_is_valid_and_tells_of_every_route(unreached: OpenAPI) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", unreached)

    schema.validate()

    assert set(schema.raw_schema["paths"]) == PATHS
    operations = [
        (path, operation)
        for path, methods in schema.raw_schema["paths"].items()
        for operation in methods.values()
    ]
    assert len(operations) == OPERATIONS
    for path, operation in operations:
        guarded = path.startswith("/v1/")
        assert operation["summary"]
        assert operation["tags"] != ["default"]
        assert ("security" in operation) is guarded
        assert {"401", "403", "422", "503"} <= set(
            operation["responses"]
        ) or not guarded


@pytest.fixture
def customer_id(rows: Connection) -> UUID:
    """A customer of whom there is something to read in every list."""
    for system in ("pos", "loyalty"):
        a_system(rows, system)
    found = a_customer(rows, "pos:C-1", "loyalty:M-1", given_name="Zoé")
    an_order(rows, "pos:1", of="pos:C-1")
    a_movement(rows, "loyalty:1", of="loyalty:M-1", amount="10")
    a_contact_with(rows, "desk:1", of="pos:C-1", case_id="K-1")
    a_consent(rows, "pos:1", of="pos:C-1")
    return found


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_input_makes_it_fail_or_answer_what_is_not_documented(
    app: OpenAPI, database_url: str, customer_id: UUID, mode: GenerationMode
) -> None:
    whole = schemathesis.openapi.from_wsgi("/openapi.json", app)
    schema = whole.include(path_regex="^/v1/")
    key = create_key(database_url, channel="till", scopes=list(SCOPES))
    known = st.sampled_from([str(customer_id), None])
    asked = 0
    for result in schema.get_all_operations():
        drawn = result.ok().as_strategy(generation_mode=mode)

        @_QUICK
        @given(case=drawn, known_id=known)
        def ask(case: schemathesis.Case, known_id: str | None) -> None:
            nonlocal asked
            if known_id and "customer_id" in (case.path_parameters or {}):
                case.path_parameters["customer_id"] = known_id
            if known_id and "system" in (case.path_parameters or {}):
                case.path_parameters["system"] = "till"
            answer = case.call(headers={"Authorization": f"Bearer {key}"})
            case.validate_response(answer, checks=CHECKS)
            asked += 1

        ask()
    assert asked >= CASES_EACH


@given(path=st.binary(max_size=40), query=st.binary(max_size=80))
@_QUICK
def test_no_path_or_query_is_a_server_error(
    channel: Channel, path: bytes, query: bytes
) -> None:
    for start in (b"/v1/customers/", b"/v1/orders/", b"/docs/", b"/"):
        assert channel.status_of(start + path, query) < 500
    for name in (b"source_key=", b"email=", b"phone=", b"card=", b"limit=", b""):
        assert channel.status_of(b"/v1/customers", name + query) < 500
    assert channel.status_of(b"/v1/orders/pos:" + path, b"") < 500
