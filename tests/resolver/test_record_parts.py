"""A customer whom several tables of a system give together."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.change_event import CustomerChange, RecordPart
from schemas.source_record import CustomerRecord
from service.database.connection.session import Connection, connect
from service.database.sources import record_parts as stored_parts
from service.domain.record_assembly import Part, assembled
from service.local.servers import EmbeddedPostgres
from service.resolver import record_parts
from service.resolver.micro_batch import ReceivedEvent
from service.resolver.store import publish
from tests.resolver.deliveries import (
    ANNE,
    BEA,
    Delivery,
    clusters,
    customer,
    message,
    profiles,
)
from tests.resolver.fake_model import PlainModel, plain_judge
from tests.resolver.test_histories import emptied

NAME = {"given_name": "Anne", "emails": ["anne@x.fr"]}
PHONE = {"phones": ["0611223344"]}
HOME = {"addresses": [{"street": "3 rue Haute", "city": "Lyon"}]}


def part(
    key: str, table: str, row: str, position: int, **fields: Any
) -> CustomerChange:
    """Return a change of one part of a customer; without fields, a delete."""
    change = customer(key, position, **fields)
    return change.model_copy(update={"part": RecordPart(table=table, row=row)})


def stored(connection: Connection, key: str = "pos:1") -> dict[str, Any] | None:
    (found,) = connection.execute(
        "SELECT record FROM source_record WHERE system || ':' || id = %s", [key]
    ).fetchall()
    record: dict[str, Any] | None = found[0]
    return record


def test_a_change_of_one_table_leaves_what_the_other_says(deliver: Delivery) -> None:
    deliver(customer("pos:1", 1, **NAME))
    deliver(part("pos:1", "address", "7", 2, **PHONE, **HOME))
    deliver(customer("pos:1", 3, given_name="Anna", emails=["anne@x.fr"]))

    assert stored(deliver.connection) == {**NAME, "given_name": "Anna", **PHONE, **HOME}
    (profile,) = profiles(deliver.connection)
    assert profile["given_name"] == "Anna"
    assert [one["value"] for one in profile["phones"]] == PHONE["phones"]


def test_a_part_that_is_deleted_takes_its_values_along(deliver: Delivery) -> None:
    deliver(customer("pos:1", 1, **NAME), part("pos:1", "address", "7", 1, **HOME))
    deliver(part("pos:1", "phone", "1", 2, **PHONE))
    deliver(part("pos:1", "address", "7", 3))

    assert stored(deliver.connection) == NAME | PHONE


def test_parts_alone_are_nobody_and_outlive_nobody(deliver: Delivery) -> None:
    deliver(part("pos:1", "address", "7", 5, **HOME))
    assert stored(deliver.connection) is None
    assert profiles(deliver.connection) == []

    deliver(customer("pos:1", 1, **NAME))
    assert stored(deliver.connection) == NAME | HOME
    deliver(customer("pos:1", 6))
    assert stored(deliver.connection) is None
    deliver(part("pos:1", "address", "7", 7, **HOME))
    assert stored(deliver.connection) is None
    assert profiles(deliver.connection) == []
    deliver(customer("pos:1", 8, **NAME))
    assert stored(deliver.connection) == NAME | HOME


def test_a_part_that_moves_to_another_customer_links_that_one(
    deliver: Delivery,
) -> None:
    deliver(customer("pos:1", 1, **NAME), customer("web:2", 1, **ANNE))
    deliver(part("pos:1", "phone", "7", 2, **PHONE))
    assert clusters(deliver.connection) == {frozenset({"pos:1", "web:2"})}

    deliver(customer("pos:3", 1, given_name="Bea", emails=["bea@x.fr"]))
    deliver(customer("web:4", 1, **BEA))
    deliver(part("pos:3", "phone", "8", 3, phones=BEA["phones"]))
    assert clusters(deliver.connection) == {
        frozenset({"pos:1", "web:2"}),
        frozenset({"pos:3", "web:4"}),
    }


def test_a_stale_part_changes_nothing(deliver: Delivery) -> None:
    deliver(customer("pos:1", 9, **NAME), part("pos:1", "phone", "1", 5, **PHONE))

    assert deliver(part("pos:1", "phone", "1", 4, phones=["0600000000"])) == 0
    assert deliver(part("pos:1", "phone", "1", 5, **PHONE)) == 0
    assert stored(deliver.connection) == NAME | PHONE


ROWS = [("", ""), ("address", "9"), ("address", "10"), ("phone", "1")]
SAID = [
    {},
    {"given_name": "Anne", "emails": ["a@x.fr"]},
    {"family_name": "Roy", "emails": ["b@x.fr", "a@x.fr"], "phones": ["0611223344"]},
    {"gender": "f", "preferences": {"size": "M"}, "cards": ["77"]},
]
CHANGES = st.lists(
    st.tuples(st.sampled_from(ROWS), st.sampled_from(SAID)), min_size=1, max_size=10
)


@settings(max_examples=60)
@given(data=st.data(), changes=CHANGES)
def test_the_order_and_the_batches_of_changes_play_no_part(
    postgres: EmbeddedPostgres,
    data: st.DataObject,
    changes: list[tuple[tuple[str, str], dict[str, Any]]],
) -> None:
    events = [
        part("pos:1", *row, position, **values)
        if row[0]
        else customer("pos:1", position, **values)
        for position, (row, values) in enumerate(changes, start=1)
    ]
    delivered = data.draw(st.permutations([*events, *events[:3]]))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(delivered)), max_size=4)))
    with emptied(postgres, "parts") as connection:
        deliver = Delivery(connection, plain_judge())
        for first, last in zip([0, *cuts], [*cuts, len(delivered)], strict=True):
            if batch := delivered[first:last]:
                deliver(*batch)
        latest = dict(changes)
        own = latest.pop(("", ""), {})
        parts = [Part(*row, values) for row, values in latest.items() if values]
        expected = assembled(own, parts) if own else None
        known = CustomerRecord(**expected) if expected else None
        assert stored(connection) == (
            known.model_dump(mode="json", exclude_defaults=True) if known else None
        )


def test_of_an_account_of_all_guests_some_rows_are_read(
    deliver: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_parts, "MOST_PARTS", 3)
    rows = [part("pos:1", "phone", str(n), n, phones=[f"061122334{n}"]) for n in (3, 1)]
    deliver(customer("pos:1", 9, **NAME), *rows)
    deliver(part("pos:1", "phone", "2", 2, phones=["0611223342"]))

    first = {"phones": ["0611223341", "0611223342"]}
    assert stored(deliver.connection) == NAME | first
    deliver(part("pos:1", "phone", "1", 10))
    first = {"phones": ["0611223342", "0611223343"]}
    assert stored(deliver.connection) == NAME | first


def test_two_that_write_parts_of_one_record_at_once_lose_neither(
    database_url: str,
) -> None:
    model: Any = PlainModel()
    with connect(database_url) as one, connect(database_url) as other:
        own, home = (
            customer("pos:1", 1, **NAME),
            part("pos:1", "address", "7", 1, **HOME),
        )
        publish(one, [received(own, 1), received(home, 2)], model=model)
        one.commit()
        first, second = (
            received(part("pos:1", "phone", "1", 2, **PHONE), 3),
            received(part("pos:1", "mail", "1", 2, emails=["b@x.fr"]), 4),
        )
        # the first has read what it puts together, and not yet written it
        record_parts.put_together(one, record_parts.separate(one, [first]))

        def write() -> None:
            publish(other, [second], model=model)
            other.commit()

        writer = threading.Thread(target=write)
        writer.start()
        _wait_for_a_lock(one, other)
        publish(one, [first], model=model)
        one.commit()
        writer.join(60)
        emails = ["anne@x.fr", "b@x.fr"]
        assert stored(one) == NAME | PHONE | HOME | {"emails": emails}


def received(event: CustomerChange, offset: int) -> ReceivedEvent:
    return ReceivedEvent(event, message(event, offset))


def _wait_for_a_lock(watcher: Connection, waiting: Connection) -> None:
    pid = waiting.info.backend_pid
    with psycopg.connect(watcher.info.dsn, password=watcher.info.password) as third:
        third.autocommit = True
        for _ in range(6_000):
            row = third.execute(
                "SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", [pid]
            ).fetchone()
            if row == ("Lock",):
                return
            threading.Event().wait(0.01)
    pytest.fail("the second writer did not wait for the first")
