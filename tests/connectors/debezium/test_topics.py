"""Topics as Kafka Connect writes them (recorded from the real Debezium), read as they
are: what a golden record would be made of is what the databases held."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from connectors.contract import StopSource
from connectors.debezium.topics import TopicsConfig, TopicsConnector
from connectors.kafka.topic_reader import TopicReader
from schemas import wire
from schemas.change_event import Op
from tests.connectors.connector_process import Process, Topic, wait_until

GOLDEN = Path(__file__).parent / "golden"
TOPIC = "pos.public.customer"
POS = wire.source_topic("pos")
MAPPING = """
tables:
  customer:
    kind: customer
    id: id
    fields:
      family_name: last_name
      birth_date: { from: birth_date, transform: { date: [days, iso] } }
      updated_at: { from: updated_at, transform: { timestamp: [epoch_us, iso] } }
      addresses:
        fields:
          city: city
"""


@pytest.fixture
def capture(broker: str, tmp_path: Path) -> Callable[..., Process]:
    """Start the reader of the topics."""
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    (tmp_path / "pos.toml").write_text(
        f'kind = "debezium-topics"\n[topics]\ncustomer = "{TOPIC}"\n'
    )
    arguments = ("run", "pos", "--config", "pos.toml", "--mapping", "mapping.yaml")
    environ = {"COUTURE_KAFKA": broker}
    return lambda *more: Process(tmp_path, *arguments, *more, environ=environ)


def recorded(name: str) -> list[dict[str, str | None]]:
    lines = (GOLDEN / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def write(broker: str, messages: list[dict[str, str | None]]) -> None:
    producer = KafkaProducer(bootstrap_servers=broker)
    for one in messages:
        key, value = (part and part.encode() for part in (one["key"], one["value"]))
        producer.send(TOPIC, key=key, value=value).get(timeout=30)
        if value and b'"op":"d"' in value:
            producer.send(TOPIC, key=key, value=None).get(timeout=30)  # its tombstone
    producer.close()


def family_names(topic: Topic) -> dict[str, Any]:
    found: dict[str, Any] = topic.state()
    return {str(one.key.id): one.after.family_name for one in found.values()}


@pytest.mark.parametrize(
    "name",
    ["postgresql", "postgresql_with_schemas", "mariadb", "mariadb_with_schemas"],
)
def test_the_topics_of_kafka_connect_give_the_records_the_database_held(
    name: str, broker: str, capture: Callable[..., Process]
) -> None:
    messages = recorded(name)
    before, after = messages[:2], messages[2:]
    write(broker, before)
    with capture() as process, Topic(broker, POS) as topic:
        process.wait_for('"streaming"')
        wait_until(lambda: len(topic.state()) == 2, lambda: process.said)
        one: Any = topic.state()["customer/pos:C-1"]
        assert one.after.birth_date.isoformat() == "1984-03-09"
        assert one.after.updated_at.isoformat() == "2026-01-02T10:00:00.123456+00:00"
        if "schemas" in name:
            assert one.raw["spent"] == "12.50"
        assert one.source.connector == "debezium-topics"

        process.kill()
        write(broker, after)
        with capture() as again:
            wait_until(lambda: "C-4" in family_names(topic), lambda: again.said)
            again.wait_for("emptied (TRUNCATE)")
            assert again.stop() == 0
        assert family_names(topic) == {
            "C-1": "Müller",
            "C-4": "Le Goff",
            "C-9": "L'Hévéder",
        }
        one = topic.state()["customer/pos:C-1"]
        assert one.after.addresses[0].city == "Lyon"
        assert "notes" not in one.raw or "unavailable" not in one.raw["notes"]
        deleted = sorted(str(e.key) for e in topic.events() if e.op is Op.DELETE)
        assert deleted == ["pos:C-2", "pos:C-3"]
        assert "Müller" not in again.said


def test_what_is_no_envelope_is_set_aside_with_its_reason_and_the_rest_goes_on(
    broker: str, capture: Callable[..., Process], tmp_path: Path
) -> None:
    needed = MAPPING.replace(
        "      addresses:", "      given_name: notes\n      addresses:"
    )
    good = [
        one for one in recorded("postgresql") if '"op":"t"' not in str(one["value"])
    ]
    bad: list[dict[str, str | None]] = [
        {"key": '{"id":"F-1"}', "value": '{"id": "F-1", "__deleted": "false"}'},
        {"key": '{"id":"F-2"}', "value": "\x00\x00no json"},
        {"key": None, "value": good[0]["value"]},
    ]
    write(broker, [*bad, *good])
    (tmp_path / "mapping.yaml").write_text(needed)
    with capture() as process, Topic(broker, POS) as topic:
        wait_until(lambda: "C-4" in family_names(topic), lambda: process.said)
        assert process.stop() == 0
    with Topic(broker, wire.DEADLETTERS_TOPIC, partitions=1) as letters:
        wait_until(lambda: len(letters.read()) == 4, lambda: process.said)
        found = [dict(one.headers)["reason"].decode() for one in letters.read()]
    said = " ".join(found)
    assert "no envelope of Debezium" in said
    assert "is no JSON" in said
    assert "no primary key" in said
    assert "REPLICA IDENTITY FULL" in said


def test_a_topic_that_is_not_there_or_was_cut_unread_is_named(broker: str) -> None:
    config = TopicsConfig(
        kind="debezium-topics", system="pos", topics={"customer": TOPIC}
    )
    connector = TopicsConnector(config, {"customer": ()}, bootstrap=broker)
    with pytest.raises(StopSource, match=f"There is no topic {TOPIC}"):
        connector.check()
    with pytest.raises(StopSource, match="Table sale of the mapping file has no topic"):
        TopicsConnector(config, {"sale": ()}, bootstrap=broker).check()
    write(broker, recorded("mariadb")[:2])
    connector.check()
    with TopicReader(broker) as reader:
        _, ends = reader.bounds(reader.places([TOPIC]))
    known = {
        "since": 1,
        "places": {f"{TOPIC}:{n}": end for (_, n), end in ends.items()},
    }
    assert sum(ends.values()) == 2
    assert connector.start_from(known) == known
    # Fewer messages than were read before: the topic is another one.
    assert connector.start_from({"since": 1, "places": {f"{TOPIC}:0": 9}}) is None
