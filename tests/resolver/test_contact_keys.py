"""A customer is found by every contact of its records, as the matcher reads it."""

from __future__ import annotations

from typing import Any

import pytest

from matching.features.emails import email_key
from matching.features.phones import phone_key
from service.database.connection.session import Connection
from service.domain.contact_keys import contact_key, keys_of
from tests.resolver.deliveries import ANNE, Delivery, customer
from tests.resolver.fake_model import plain_judge


@pytest.mark.parametrize(
    ("record", "found_by"),
    [
        (
            {"phones": ["0692 87 41 53"], "addresses": [{"postal_code": "97420"}]},
            {("phone", "+262692874153")},
        ),
        (
            {"phones": ["0671329845 / 0556314297"], "emails": ["a.b@x.fr, c.d@y.fr"]},
            {
                ("phone", "+33671329845"),
                ("phone", "+33556314297"),
                ("email", "a.b@x.fr"),
                ("email", "c.d@y.fr"),
            },
        ),
        (
            {"phones": ["079 123 45 67"], "addresses": [{"country": "Suisse"}]},
            {("phone", "+41791234567"), ("phone", "+33791234567")},
        ),
        ({"phones": ["06 12 39 84 57"]}, {("phone", "+33612398457")}),
        (
            {"emails": ["A.B+x@gmail.com", "a@delorme-anne.fr"]},
            {("email", "ab@gmail.com"), ("email", "a@delorme-anne.fr")},
        ),
        ({"emails": ["none@none.fr", "mail@free.fr", "a@a.fr"]}, set()),
        ({"phones": ["0123456789"], "cards": ["0000000000", "NULL"]}, set()),
        ({"cards": ["2990-0123 4567"]}, {("card", "299001234567")}),
        ({"cards": ["1", "C-12"]}, {("card", "1"), ("card", "C12")}),
    ],
)
def test_the_keys_of_a_record(
    record: dict[str, Any], found_by: set[tuple[str, str]]
) -> None:
    assert keys_of(record) == found_by


@pytest.mark.parametrize(
    "text", ["A.B+x@gmail.com", "odile@laposte.net", "none@none.fr"]
)
def test_whom_the_matcher_would_find_by_a_mailbox_is_found_by_it(text: str) -> None:
    assert contact_key("email", text) == email_key(text)
    assert contact_key("phone", "0612398457") == phone_key("0612398457")


def test_a_customer_is_found_by_a_number_as_its_region_dials_it(
    connection: Connection,
) -> None:
    deliver = Delivery(connection, plain_judge())
    swiss = {"phones": ["079 123 45 67"], "addresses": [{"country": "Suisse"}]}
    deliver(customer("pos:1", 1, **ANNE | swiss))

    found = connection.execute("SELECT value FROM contact_key WHERE kind = 'phone'")
    assert {value for (value,) in found} == {"+41791234567", "+33791234567"}
