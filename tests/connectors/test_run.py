"""The command line: capture over HTTP, load of files, and its last words."""

from __future__ import annotations

import json
from pathlib import Path

from schemas import wire
from schemas.change_event import RecordKind
from schemas.snapshot import key_digest
from schemas.source_key import SourceKey
from tests.connectors.connector_process import Process, Topic, wait_until
from tests.connectors.paged_http_service import Shop

MAPPING = """tables:
  person:
    kind: customer
    id: id
    fields:
      family_name: name
      birth_date: { from: born, transform: date }
"""


def load(
    directory: Path, bootstrap: str, content: str, mapping: str, *options: str
) -> Process:
    file, mapped = directory / "people.csv", directory / "mapping.yaml"
    file.write_text(content, "utf-8")
    mapped.write_text(mapping, "utf-8")
    return Process(
        directory,
        *("load", str(file), "--system", "drop", "--mapping", str(mapped), *options),
        environ={"COUTURE_KAFKA": bootstrap},
    )


def test_polling_goes_on_after_a_kill_and_loses_nothing(
    shop: Shop, broker: str, tmp_path: Path
) -> None:
    shop.contacts = [_contact(number) for number in range(1, 40)]
    settings = tmp_path / "desk.toml"
    settings.write_text(
        f'base_url = "{shop.url}"\nmapping = "mapping.yaml"\npage = 3\n'
        "interval = 0.05\n"
    )
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "tables:\n  contacts:\n    kind: customer\n    id: id\n    position: seq\n"
        "    fields:\n      full_name: name\n"
    )
    options = ("--config", str(settings))
    environ = {"COUTURE_KAFKA": broker}
    topic_name = wire.source_topic("call_centre")
    with Process(tmp_path, "run", "call_centre", *options, environ=environ) as first:
        first.wait_for('"streaming"')
        shop.contacts += [_contact(number) for number in range(40, 90)]
        with Topic(broker, topic_name) as topic:
            wait_until(lambda: len(topic.state()) > 45, lambda: first.said)
        first.kill()
    shop.contacts += [_contact(number) for number in range(90, 100)]
    with Process(tmp_path, "run", "call_centre", *options, environ=environ) as second:
        with Topic(broker, topic_name) as topic:
            wait_until(lambda: len(topic.state()) == 99, lambda: second.said)
            shop.failure = (503, {}, b"")
            second.wait_for("answered 503")
            shop.failure = None
            shop.contacts.append(_contact(100))
            wait_until(lambda: len(topic.state()) == 100, lambda: second.said)
        assert second.stop() == 0
        assert "Dupont" not in second.said


def _contact(number: int) -> dict[str, object]:
    return {"seq": number, "id": f"K-{number}", "name": "Jean Dupont"}


def test_a_load_sets_bad_rows_aside_with_their_numbers_and_goes_on(
    broker: str, tmp_path: Path
) -> None:
    rows = "id,name,born\n1,A,1984-03-09\n,B,\n3,C,yesterday\n4\n5,D,\n"
    with load(tmp_path, broker, rows, MAPPING) as process:
        assert process.wait() == 0
        last = json.loads(process.said.splitlines()[-1])
    assert (last["state"], last["rows"], last["events"], last["rejects"]) == (
        "stopped",
        5,
        2,
        3,
    )
    with Topic(broker, wire.source_topic("drop")) as topic:
        wait_until(lambda: len(topic.read()) == 2)
        assert {str(event.key) for event in topic.events()} == {"drop:1", "drop:5"}
    with Topic(broker, wire.DEADLETTERS_TOPIC, partitions=1) as letters:
        wait_until(lambda: len(letters.read()) == 3)
        headers = [dict(letter.headers) for letter in letters.messages]
        assert [one["position"].split(b".")[2] for one in headers] == [b"2", b"3", b"4"]
        assert [one["reason"].decode() for one in headers] == [
            "customer.id: is missing: the row has no identity",
            "customer.birth_date: is no date written iso",
            "row: has 1 cells, the header has 3",
        ]
        assert json.loads(letters.messages[0].value)["name"] == "B"


def test_a_file_loaded_twice_is_read_once(broker: str, tmp_path: Path) -> None:
    for expected in (1, 0):
        with load(tmp_path, broker, "id,name,born\n1,A,\n", MAPPING) as process:
            assert process.wait() == 0
            last = json.loads(process.said.splitlines()[-1])
        assert last["rows"] == expected


def test_a_complete_file_tells_whom_it_holds_and_any_other_does_not(
    broker: str, tmp_path: Path
) -> None:
    content = "id;name;born\n1;Roux;1961-03-12\n2;Roy;1961-31-12\n3;Rey;\n"
    for options in ((), ("--complete",)):
        with load(tmp_path, broker, content, MAPPING, *options) as process:
            assert process.wait() == 0, process.said
    with Topic(broker, wire.SNAPSHOTS_TOPIC, partitions=1) as topic:
        wait_until(lambda: topic.read())
        (message,) = topic.messages
    told = wire.decode_manifest(message.value, message.headers)
    seen = {key_digest(RecordKind.CUSTOMER, SourceKey("drop", n)) for n in "13"}
    assert set(told.seen()) == seen
    assert told.unreadable == 1
    assert told.before[RecordKind.CUSTOMER][::2] == (0, 3)
    with Topic(broker, wire.source_topic("drop")) as topic:
        wait_until(lambda: len(topic.read()) == 2)
    assert sum(told.ends.values()) == 2


def test_a_bad_mapping_file_ends_it_naming_file_and_line(tmp_path: Path) -> None:
    bad = MAPPING.replace("family_name", "surname")
    with load(tmp_path, "127.0.0.1:9", "id\n1\n", bad) as process:
        assert process.wait() == 3
        last = json.loads(process.said.splitlines()[-1])
    assert last["problem"].startswith(f"{tmp_path / 'mapping.yaml'}:6: unknown field")


def test_a_broker_that_is_away_ends_it_with_a_sentence(tmp_path: Path) -> None:
    with load(tmp_path, "127.0.0.1:9", "id,name,born\n1,A,\n", MAPPING) as process:
        assert process.wait() == 3
        last = json.loads(process.said.splitlines()[-1])
    assert "The broker at 127.0.0.1:9 does not answer" in last["problem"]
    assert "COUTURE_KAFKA" in last["remedy"]
    assert "Traceback" not in process.said
