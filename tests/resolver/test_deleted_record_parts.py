"""Parts of a customer that a snapshot no longer shows, or that are erased."""

from __future__ import annotations

import base64

from schemas.change_event import CustomerChange, RecordKind
from schemas.facts import OrderStatus
from schemas.snapshot import SnapshotManifest, event_digest
from service.database.connection.session import Connection
from tests.resolver.deliveries import Delivery, clusters, customer, order
from tests.resolver.fake_model import plain_judge
from tests.resolver.test_erasure import VALUES, ZOE, erase, found_in
from tests.resolver.test_record_parts import HOME, NAME, PHONE, part, stored
from tests.resolver.test_sweep import Swept


def seen_in_a_snapshot(*events: CustomerChange, before: int) -> SnapshotManifest:
    digests = sorted(map(event_digest, events))
    return SnapshotManifest(
        system="pos",
        snapshot="s1",
        number=1,
        of=1,
        before={RecordKind.CUSTOMER: (before,)},
        unreadable=0,
        ends={},
        digests=base64.b64encode(b"".join(digests)).decode(),
    )


def test_a_part_that_a_snapshot_does_not_see_is_gone(connection: Connection) -> None:
    swept = Swept(connection, plain_judge())
    own, home, phone = (
        customer("pos:1", 1, **NAME),
        part("pos:1", "address", "7", 1, **HOME),
        part("pos:1", "phone", "7", 1, **PHONE),
    )
    swept(own, home, phone)
    swept.manifest(seen_in_a_snapshot(own, phone, before=5))

    assert swept.sweep() == 1
    assert stored(connection) == NAME | PHONE
    swept(part("pos:1", "address", "7", 4, **HOME))
    assert stored(connection) == NAME | PHONE  # of before the snapshot
    swept(part("pos:1", "address", "7", 6, **HOME))
    assert stored(connection) == NAME | PHONE | HOME


def test_a_customer_whom_a_snapshot_does_not_see_is_gone(
    connection: Connection,
) -> None:
    swept = Swept(connection, plain_judge())
    home = part("pos:1", "address", "7", 1, **HOME)
    swept(customer("pos:1", 1, **NAME), home, part("pos:1", "address", "8", 9, **HOME))
    swept.manifest(seen_in_a_snapshot(home, before=5))

    assert swept.sweep() == 1  # though a part of it is newer than the snapshot
    assert stored(connection) is None


def test_an_erased_person_does_not_come_back_in_parts(deliver: Delivery) -> None:
    deliver(customer("pos:till-zoe", 1, **ZOE))
    erase(deliver.connection, "pos:till-zoe")
    phone = part("web:9", "phone", "1", 1, phones=ZOE["phones"], cards=ZOE["cards"])

    deliver(customer("web:9", 1, given_name=ZOE["given_name"]))
    deliver(phone)
    assert clusters(deliver.connection) == {frozenset({"web:9"})}
    assert found_in(deliver.connection, "778899") == set()
    deliver(part("web:9", "phone", "1", 2, phones=ZOE["phones"], cards=ZOE["cards"]))
    assert found_in(deliver.connection, "778899") == set()
    letters = deliver.connection.execute("SELECT reason FROM dead_letter").fetchall()
    assert letters == [("suppressed",)] * 2


def test_what_comes_with_the_part_that_tells_of_an_erased_person_is_refused_too(
    deliver: Delivery,
) -> None:
    deliver(customer("pos:till-zoe", 1, **ZOE))
    erase(deliver.connection, "pos:till-zoe")

    deliver(
        customer("web:9", 1, given_name=ZOE["given_name"]),
        order("web:o-1", 1, "web:9", OrderStatus.PLACED),
        part("web:9", "mail", "1", 1, emails=ZOE["emails"]),
    )
    assert clusters(deliver.connection) == set()
    left = deliver.connection.execute("SELECT id FROM customer_order").fetchall()
    assert left == []
    letters = deliver.connection.execute("SELECT reason FROM dead_letter").fetchall()
    assert letters == [("suppressed",)] * 3


def test_an_erasure_takes_the_parts_and_a_family_s_mail_is_no_erased_person(
    deliver: Delivery,
) -> None:
    name = {"given_name": ZOE["given_name"], "birth_date": ZOE["birth_date"]}
    mail = part("web:9", "mail", "1", 1, emails=ZOE["emails"])
    deliver(customer("web:9", 1, **name), mail)
    erase(deliver.connection, "web:9")
    assert found_in(deliver.connection, *VALUES) == set()

    theirs = part("web:8", "mail", "1", 1, emails=ZOE["emails"])
    deliver(customer("web:8", 1, given_name="Basile"), theirs)
    assert clusters(deliver.connection) == {frozenset({"web:8"})}
    assert stored(deliver.connection, "web:8") == {
        "given_name": "Basile",
        "emails": ZOE["emails"],
    }
