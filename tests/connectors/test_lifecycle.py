"""A connector's life as people see and command it: API, outbox, Kafka and back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.broker import create_topics
from connectors.kafka.status_topic import StatusTopic
from connectors.state_log import State
from schemas import wire
from service.access import create_key
from service.app import create_app
from service.relay import relay
from service.settings import Settings
from tests.api.channel import Channel
from tests.connectors.connector_process import Process, Topic, wait_until
from tests.connectors.paged_http_service import Shop

MAPPING = """tables:
  contacts:
    kind: customer
    id: id
    position: seq
    fields:
      full_name: name
"""
SECRET = "s3cr3t-of-the-desk"


@pytest.fixture
def desk(
    shop: Shop, broker: str, database_url: str, tmp_path: Path
) -> Iterator[tuple[Channel, Process]]:
    """The API of an installation, and a connector that polls its shop."""
    settings = Settings(database_url=database_url, kafka=broker, api_threads=2)
    stop = threading.Event()
    relaying = threading.Thread(
        target=relay.run, args=(settings,), kwargs={"stop": stop}
    )
    relaying.start()
    app = create_app(settings)
    channel = Channel(app, create_key(database_url, channel="ops", scopes=["operator"]))
    with polling(shop, broker, tmp_path) as process:
        yield channel, process
    stop.set()
    relaying.join(timeout=60)
    app.extensions["couture"].pool.close()
    assert not relaying.is_alive()


def polling(shop: Shop, broker: str, directory: Path) -> Process:
    config, mapping = directory / "desk.toml", directory / "mapping.yaml"
    config.write_text(
        f'base_url = "{shop.url}"\npage = 3\ninterval = 0.05\noverlap = 0\n'
        f'key = "{SECRET}"\nretry_ceiling = 0.5\n'
    )
    mapping.write_text(MAPPING)
    options = ("--config", str(config), "--mapping", str(mapping))
    environ = {"COUTURE_KAFKA": broker}
    return Process(directory, "run", "call_centre", *options, environ=environ)


def status(channel: Channel) -> dict[str, Any]:
    """Return what the API shows of the only connector; empty before it spoke."""
    found = channel.get("/v1/connectors").json["connectors"]
    return dict(found[0]) if found else {}


def state(channel: Channel) -> str:
    return str(status(channel).get("shown", ""))


def contact(number: int, **more: Any) -> dict[str, Any]:
    return {"seq": number, "id": f"K-{number}", "name": "Jean Dupont", **more}


def test_an_operator_sees_pauses_resumes_and_replays_a_connector(
    shop: Shop, broker: str, desk: tuple[Channel, Process], tmp_path: Path
) -> None:
    channel, process = desk
    shop.contacts = [contact(number) for number in range(1, 21)]
    wait_until(lambda: state(channel) == "streaming", lambda: process.said)
    wait_until(lambda: status(channel)["status"].get("offset"), lambda: process.said)
    with Topic(broker, wire.source_topic("call_centre")) as topic:
        wait_until(lambda: len(topic.state()) == 20, lambda: process.said)

        answer = channel.post("/v1/connectors/call_centre/pause", {})
        assert answer.status_code == 202
        wait_until(lambda: state(channel) == "paused", lambda: process.said)
        assert status(channel)["status"]["lag_s"] is None, "nobody looks at the source"
        shop.contacts.append(contact(21))
        process.kill()
        with polling(shop, broker, tmp_path) as again:
            wait_until(lambda: again.said.count('"paused"') >= 2, lambda: again.said)
            assert len(topic.state()) == 20  # a restart does not forget the pause

            channel.post("/v1/connectors/call_centre/resume", {})
            wait_until(lambda: len(topic.state()) == 21, lambda: again.said)
            wait_until(lambda: state(channel) == "streaming", lambda: again.said)

            before = len(topic.read())
            channel.post("/v1/connectors/call_centre/resnapshot", {})
            wait_until(lambda: len(topic.read()) >= before + 21, lambda: again.said)
            wait_until(lambda: '"resnapshot"' in again.said)

            wait_until(lambda: status(channel)["status"].get("offset"))
            offset = {"complete": True, "marks": {"contacts": 15}}
            before = len(topic.read())
            told = {"after": offset}
            made = channel.post("/v1/connectors/call_centre/replay", told).json
            wait_until(lambda: len(topic.read()) >= before + 6, lambda: again.said)
            wait_until(
                lambda: (
                    status(channel)["status"].get("command_id")
                    == made["command"]["command_id"]
                )
            )

            told = {"after": {"lsn": 1}}
            channel.post("/v1/connectors/call_centre/replay", told)
            wait_until(lambda: "offset to replay from is none of" in again.said)
            error = status(channel)["status"].get("last_error") or {}
            wait_until(lambda: status(channel)["status"].get("last_error"))
            error = status(channel)["status"]["last_error"]
            assert "its parts are complete, marks" in error["problem"]
            assert "couture connectors --json" in error["remedy"]
            assert SECRET not in again.said


def test_a_source_that_is_away_and_columns_nobody_mapped_are_shown(
    shop: Shop, desk: tuple[Channel, Process]
) -> None:
    channel, process = desk
    shop.contacts = [contact(1, loyalty_tier="gold")]
    wait_until(
        lambda: (
            (status(channel).get("status") or {}).get("unmapped")
            == {"contacts": ["loyalty_tier"]}
        ),
        lambda: (status(channel), process.said),
    )

    shop.failure = (503, {}, SECRET.encode())
    wait_until(lambda: state(channel) == "retrying", lambda: process.said)
    error = status(channel)["status"]["last_error"]
    assert "answered 503" in error["problem"]
    assert error["remedy"]

    shop.failure = None
    wait_until(lambda: state(channel) == "streaming", lambda: process.said)
    wait_until(lambda: status(channel)["status"]["last_error"] is None)
    shop.failure = (401, {}, b"")
    wait_until(lambda: state(channel) == "failed", lambda: process.said)
    assert process.wait() == 3
    assert SECRET not in str(status(channel)) + process.said


def test_a_table_that_changed_is_no_error(broker: str) -> None:
    create_topics(broker, "pos")
    told = StatusTopic(broker, system="pos", connector="c", say=lambda *_, **__: None)
    told.broker_is_there()
    told.say(State.STREAMING, rows=1)
    told.say(State.DRIFT, problem="Table customer has a new column.", remedy="Map it.")
    told.close()

    with Topic(broker, wire.CONNECTORS_TOPIC, partitions=1) as topic:
        wait_until(lambda: len(topic.read()) >= 3)
        last = topic.read()[-1]
    status = wire.decode_status(last.value, last.headers)
    assert (status.state, status.last_error) == ("streaming", None)


def test_a_command_nobody_could_obey_is_refused(
    desk: tuple[Channel, Process],
) -> None:
    channel, process = desk
    assert channel.post("/v1/connectors/pos/pause", {}).status_code == 404
    wait_until(lambda: status(channel), lambda: process.said)
    refused = channel.post("/v1/connectors/call_centre/replay", {})
    assert refused.status_code == 422
    assert "needs the offset" in refused.json["detail"]
    told = {"after": {"a": 1}}
    answer = channel.post("/v1/connectors/call_centre/pause", told)
    assert answer.status_code == 422
    assert channel.post("/v1/connectors/call_centre/dance", {}).status_code == 422
