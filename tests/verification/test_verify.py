"""`couture verify` finds what was planted, names it, and repairs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from kafka import KafkaProducer
from typer.testing import CliRunner

from schemas import wire
from schemas.change_event import ChangeEvent
from schemas.facts import OrderStatus
from service.cli import app
from service.database.connection.session import Connection
from service.database.operations import dead_letters
from service.relay.relay import relay_once
from service.relay.topics import create_outgoing_topics, create_source_topics
from service.settings import Settings
from service.verification import repair
from service.verification.verify import Report, verify
from tests.resolver.deliveries import (
    ANNE,
    BEA,
    CONSUMER,
    Delivery,
    customer,
    movement,
    order,
)
from tests.resolver.fake_model import plain_judge
from tests.resolver.test_record_parts import part

EVENTS: list[ChangeEvent] = [
    customer("pos:1", 1, **ANNE),
    customer("pos:2", 1, **BEA),
    customer("pos:1", 2, **ANNE | {"title": "Mme"}),
    customer("pos:3", 1, given_name="Carl", emails=["carl@x.fr"]),
    order("pos:o1", 1, "pos:2", OrderStatus.PLACED),
    movement("pos:m1", "pos:2", 40),
    customer("pos:4", 1, given_name="Dora", emails=["dora@x.fr"]),
    customer("pos:4", 2),
    part("pos:3", "phone", "7", 2, phones=["0612345678"]),
]


class Shop:
    """A database and a broker in which the same was captured, resolved and told."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self.connection = connection
        self.settings = settings
        self.deliver = Delivery(connection, plain_judge())
        self.producer = KafkaProducer(bootstrap_servers=settings.kafka, acks="all")
        topic = wire.source_topic("pos")
        create_outgoing_topics(settings.kafka)
        create_source_topics(settings.kafka, [topic])
        self.messages = self.deliver.messages(EVENTS)
        for one in self.messages:
            self.producer.send(
                topic, key=one.key, value=one.value, headers=one.headers, partition=0
            )
        self.producer.flush()
        self.deliver.fold(self.messages)
        self.tell()

    def tell(self) -> None:
        while relay_once(self.connection, self.producer):
            pass

    def verified(self, *, rebuild: bool = True) -> Report:
        return verify(self.connection, self.settings, with_rebuild=rebuild)

    def found(self) -> dict[str, list[str]]:
        broken = self.verified().broken
        return {
            kind: [one.name for one in every] for kind, every in broken.items() if every
        }

    def customer_id(self, key: str) -> str:
        row = self.connection.execute(
            "SELECT customer_id::text FROM label JOIN source_record s USING (record_id)"
            " WHERE s.system || ':' || s.id = %s",
            [key],
        ).fetchone()
        assert row
        return str(row[0])


@pytest.fixture
def shop(connection: Connection, database_url: str, broker: str) -> Any:
    settings = Settings(database_url=database_url, kafka=broker, consumer=CONSUMER)
    made = Shop(connection, settings)
    yield made
    made.producer.close()


_OF_BEA = (
    "(SELECT customer_id FROM label JOIN source_record s USING (record_id)"
    " WHERE s.id = '2')"
)
_REWRITTEN = (
    "UPDATE customer SET profile = convert_to(replace("
    "convert_from(profile, 'UTF8'), '{}', '{}'), 'UTF8')"
    f" WHERE customer_id = {_OF_BEA}"
)
PLANTED: dict[str, tuple[str, Callable[[Shop], str]]] = {
    "records_without_customer": (
        "DELETE FROM label WHERE record_id = (SELECT record_id FROM source_record"
        " WHERE id = '2')",
        lambda shop: "pos:2",
    ),
    "labels_without_record": (
        "INSERT INTO label SELECT record_id, record_id, uuidv7() FROM source_record"
        " WHERE id = '4'",
        lambda shop: "pos:4",
    ),
    "clusters_without_golden_record": (
        f"UPDATE customer SET profile = NULL WHERE customer_id = {_OF_BEA}",
        lambda shop: "pos:2",
    ),
    "golden_records_of_other_records": (
        _REWRITTEN.format('"pos:2"', '"pos:9"'),
        lambda shop: shop.customer_id("pos:2"),
    ),
    "rebuilt_otherwise": (
        _REWRITTEN.format("Bea", "Lea"),
        lambda shop: shop.customer_id("pos:2"),
    ),
    "contact_keys_otherwise": (
        f"DELETE FROM contact_key WHERE kind = 'email' AND customer_id = {_OF_BEA}",
        lambda shop: shop.customer_id("pos:2"),
    ),
    "history_that_differs": (
        f"UPDATE profile_history SET profile = '' WHERE customer_id = {_OF_BEA}",
        lambda shop: shop.customer_id("pos:2"),
    ),
    "contact_keys_of_nobody": (
        "INSERT INTO contact_key VALUES ('email', 'x@y.fr',"
        " '00000000-0000-7000-8000-000000000000')",
        lambda shop: "00000000-0000-7000-8000-000000000000",
    ),
    "links_of_no_record": (
        "INSERT INTO link (a, b, version_a, version_b, weight, probability, evidence,"
        " model) VALUES (1, 9999, 1, 1, 9, 1, '{}', '')",
        lambda shop: "1 9999",
    ),
    "captured_not_applied": (
        "DELETE FROM customer_order",
        lambda shop: "order pos:o1",
    ),
    "captured_otherwise": (
        'UPDATE source_record SET record = record || \'{"given_name": "Eve"}\''
        " WHERE id = '2'",
        lambda shop: "customer pos:2",
    ),
}


def test_nothing_differs_where_nothing_was_touched(shop: Shop) -> None:
    report = shop.verified()

    assert shop.found() == {}
    assert report.differences == 0
    counts = report.counts
    assert (counts["source_records"], counts["golden_records"]) == (3, 3)
    assert (counts["rebuilt"], counts["captured_messages"]) == (3, len(EVENTS))
    assert counts["golden_messages"] == 3


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_difference_is_named_and_repaired(shop: Shop, kind: str) -> None:
    sql, name = PLANTED[kind]
    shop.connection.execute(sql.encode())

    report = shop.verified()

    assert name(shop) in [one.name for one in report.broken[kind]]
    plan = repair.plan(report)
    assert plan.for_a_person == []
    assert shop.found()  # a plan changes nothing
    repair.apply(shop.connection, plan, consumer=CONSUMER)
    work_again(shop)
    assert shop.found() == {}


def test_a_part_of_a_record_that_differs_is_named_and_repaired(shop: Shop) -> None:
    shop.connection.execute(
        'UPDATE source_record_part SET record = \'{"phones": ["0600000000"]}\''
        " WHERE part_table = 'phone'"
    )

    assert shop.found() == {"captured_otherwise": ["customer pos:3, phone 7"]}
    plan = repair.plan(shop.verified())
    repair.apply(shop.connection, plan, consumer=CONSUMER)
    work_again(shop)
    assert shop.found() == {}


def work_again(shop: Shop) -> None:
    """Do what a resolver and a relay do about it."""
    row = shop.connection.execute("SELECT next_offset FROM stream_offset").fetchone()
    assert row
    place = (wire.source_topic("pos"), 0)
    shop.deliver.next[place] = row[0]
    shop.deliver.fold(shop.messages[row[0] :])
    shop.tell()


def test_what_the_topics_say_otherwise_is_named_and_told_again(shop: Shop) -> None:
    anne, bea = shop.customer_id("pos:1"), shop.customer_id("pos:2")
    nobody = "00000000-0000-7000-8000-00000000000a"
    for key, value in (
        (anne, b'{"customer_id":"x","version":1,"y":1}'),
        (nobody, b"{}"),
    ):
        shop.producer.send(wire.CUSTOMERS_TOPIC, key=key.encode(), value=value)
    shop.producer.send(wire.CUSTOMERS_TOPIC, key=bea.encode(), value=None)
    shop.producer.flush()

    report = shop.verified(rebuild=False)

    assert [one.name for one in report.broken["golden_told_otherwise"]] == [anne]
    assert [one.name for one in report.broken["golden_not_told"]] == [bea]
    assert [one.name for one in report.broken["golden_told_of_nobody"]] == [nobody]
    repair.apply(shop.connection, repair.plan(report), consumer=CONSUMER)
    shop.tell()
    assert shop.found() == {}


def test_what_needs_a_person_is_left_and_said(shop: Shop) -> None:
    shop.connection.execute(
        f"UPDATE customer SET retired_into = uuidv7() WHERE customer_id = {_OF_BEA}"
    )
    shop.connection.execute(
        "INSERT INTO consent (system, id, position, customer_record_id, deleted)"
        " VALUES ('pos', 'c9', '{1}', 9999, false)"
    )
    found = shop.found()

    assert found["facts_of_nobody"] == ["consent pos:c9"]
    assert len(found["retired_ids_astray"]) == 1
    assert len(repair.plan(shop.verified()).for_a_person) == 2


def test_what_is_being_resolved_or_was_set_aside_is_no_difference(shop: Shop) -> None:
    shop.connection.execute(f"DELETE FROM contact_key WHERE customer_id = {_OF_BEA}")
    shop.connection.execute(
        "INSERT INTO dirty (record_id, mark, scored) SELECT record_id, 1, true"
        " FROM source_record WHERE id = '2'"
    )
    shop.connection.execute("DELETE FROM customer_order")
    at = shop.messages[4]
    letter = dead_letters.DeadLetter(
        at.topic, "t", 0, at.offset, "cannot_apply", "", at.key, at.value, []
    )
    dead_letters.add(shop.connection, [letter])

    assert shop.found() == {}


def test_the_command_says_so_by_its_exit_code(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("database_url", "kafka", "consumer"):
        monkeypatch.setenv(f"COUTURE_{name.upper()}", getattr(shop.settings, name))
    clean = CliRunner().invoke(app, ["verify", "--rebuild"])
    assert clean.exit_code == 0, clean.output
    assert clean.stdout.endswith(" 0 differences\n")

    shop.connection.execute(PLANTED["records_without_customer"][0].encode())
    dry = CliRunner().invoke(app, ["verify", "--repair", "--json"])
    assert dry.exit_code == 1
    told = orjson.loads(dry.stdout)
    assert told["repair"]["resolve_again"] == 1
    assert told["repair"]["applied"] is False
    assert shop.connection.execute("SELECT count(*) FROM dirty").fetchone() == (0,)
    done = CliRunner().invoke(app, ["verify", "--repair", "--apply"])
    assert "repaired:" in done.stdout
    assert shop.connection.execute("SELECT count(*) FROM dirty").fetchone() == (1,)


def test_to_apply_without_a_repair_is_refused() -> None:
    refused = CliRunner().invoke(app, ["verify", "--apply"])

    assert refused.exit_code == 2
    assert "--repair" in refused.output
