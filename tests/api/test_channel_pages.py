"""The pages for till, web shop and call centre: each request, asked as written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest
from flask_openapi.openapi import OpenAPI

from service.access import SCOPES, create_key
from service.database.connection.session import Connection
from tests.api.channel import Channel
from tests.api.factories import (
    a_consent,
    a_contact,
    a_contact_with,
    a_customer,
    a_movement,
    an_order,
)

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"^```http\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_KEY = re.compile(r"^```\n(couture key create .*?)^```$", re.MULTILINE | re.DOTALL)


class Asked(NamedTuple):
    """A request as a page shows it, and the status that it promises."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    status: int


def asked(page: str) -> list[Asked]:
    """Return the requests of a page, in order."""
    return [_asked(block) for block in _BLOCK.findall(page)]


def _asked(block: str) -> Asked:
    request, _, status = block.strip().rpartition("\n→ ")
    head, _, body = request.partition("\n\n")
    line, *headers = head.split("\n")
    method, _, path = line.partition(" ")
    named = dict(header.split(": ", 1) for header in headers)
    return Asked(method, path, named, body, int(status))


def key_of(page: str) -> tuple[str, list[str]]:
    """Return the channel and the scopes of the key that a page tells to make."""
    (command,) = _KEY.findall(page)
    _, _, _, channel, *options = shlex.split(command.replace("\\\n", " "))
    assert set(options[::2]) == {"--scope"}
    return channel, options[1::2]


@pytest.mark.parametrize("name", ["till", "web-shop", "call-centre"])
def test_every_request_of_the_page_is_answered_as_it_says(
    app: OpenAPI, channel: Channel, database_url: str, rows: Connection, name: str
) -> None:
    page = (DOCS / f"for-the-{name}.md").read_text(encoding="utf-8")
    known = {"{customer_id}": anne(rows)}
    handoff = {"customer_id": known["{customer_id}"], "audience": "call_centre"}
    known["{code}"] = channel.post("/v1/handoffs", handoff).json["code"]
    asking, scopes = key_of(page)
    assert set(scopes) <= set(SCOPES)
    key = create_key(database_url, channel=asking, scopes=scopes)
    client = app.test_client(use_cookies=False)

    requests = asked(page)
    assert len(requests) >= 6
    for request in requests:
        path, body = request.path, request.body
        for placeholder, value in known.items():
            path, body = (
                path.replace(placeholder, value),
                body.replace(placeholder, value),
            )
        answer = client.open(
            path,
            method=request.method,
            json=orjson.loads(body) if body else None,
            headers={**request.headers, "Authorization": f"Bearer {key}"},
        )
        assert answer.status_code == request.status, (request, answer.text)
        found = (answer.json or {}).get("customers")
        if isinstance(found, list) and "999999" not in path:
            assert [one["customer_id"] for one in found] == [known["{customer_id}"]]


def anne(rows: Connection) -> str:
    """Insert the customer whom the pages speak of."""
    customer_id = a_customer(rows, "till:C-1042", "ecommerce:501", given_name="Anne")
    a_contact(rows, customer_id, "card", "2990001234567")
    a_contact(rows, customer_id, "phone", "+33611223344")
    a_contact(rows, customer_id, "email", "anne@maison.test")
    a_movement(rows, "loyalty:1", of="till:C-1042", amount="500")
    an_order(rows, "till:O-9", of="till:C-1042")
    a_contact_with(rows, "call_centre:1", of="ecommerce:501", case_id="K-1")
    a_consent(rows, "ecommerce:1", of="ecommerce:501")
    rows.execute(
        "INSERT INTO profile_history (customer_id, version, profile, why)"
        " SELECT customer_id, version, profile, 'couture.customer.created'"
        " FROM customer"
    )
    return str(customer_id)
