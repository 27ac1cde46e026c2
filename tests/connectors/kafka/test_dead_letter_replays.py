"""A row replayed from the dead letters is mapped anew by its running connector."""

from __future__ import annotations

from pathlib import Path

from kafka import KafkaProducer

from schemas import wire
from tests.connectors.connector_process import Process, Topic, wait_until
from tests.connectors.paged_http_service import Shop

MAPPING = (
    "tables:\n  contacts:\n    kind: customer\n    id: id\n    position: seq\n"
    "    fields:\n      birth_date: {{ from: born, transform: {} }}\n"
)


def test_a_rejected_row_takes_effect_when_the_mapping_is_mended_and_it_is_replayed(
    shop: Shop, broker: str, tmp_path: Path
) -> None:
    shop.contacts = [{"seq": 1, "id": "K-1", "born": "09/03/1984"}]
    settings, mapping = tmp_path / "desk.toml", tmp_path / "mapping.yaml"
    settings.write_text(f'base_url = "{shop.url}"\ninterval = 0.05\n')
    arguments = ("run", "call_centre", "--config", str(settings))
    arguments += ("--mapping", str(mapping))
    environ = {"COUTURE_KAFKA": broker}
    mapping.write_text(MAPPING.format("date"))
    with Process(tmp_path, *arguments, environ=environ) as first:
        first.wait_for('"rejecting"')
        with Topic(broker, wire.DEADLETTERS_TOPIC, partitions=1) as letters:
            wait_until(letters.read, lambda: first.said)
            (letter,) = letters.messages
        # replayed with the same mapping it is set aside again
        replay(broker, letter)
        with Topic(broker, wire.DEADLETTERS_TOPIC, partitions=1) as letters:
            wait_until(lambda: len(letters.read()) == 2, lambda: first.said)
            assert [one.key for one in letters.messages] == [letter.key] * 2
            assert [one.value for one in letters.messages] == [letter.value] * 2
        assert first.stop() == 0

    mapping.write_text(MAPPING.format('{ date: "%d/%m/%Y" }'))
    replay(broker, letter)
    with Process(tmp_path, *arguments, environ=environ) as second:
        with Topic(broker, wire.source_topic("call_centre")) as topic:
            wait_until(topic.events, lambda: second.said)
            (event,) = topic.events()
        second.wait_for('"replayed"')
        assert second.stop() == 0
    assert (str(event.key), event.position) == ("call_centre:K-1", (1,))
    assert event.after is not None
    assert str(event.after.birth_date) == "1984-03-09"


def replay(bootstrap: str, letter: object) -> None:
    """Put the letter where Couture puts it when an operator says so."""
    headers = [h for h in letter.headers if h[0] != "reason"]  # type: ignore[attr-defined]
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    for key, value in (
        (b"another", b"{}"),
        (b"call_centre", b"no JSON"),
        (b"call_centre", letter.value),  # type: ignore[attr-defined]
    ):
        sent = producer.send(wire.REPLAYS_TOPIC, key=key, value=value, headers=headers)
        sent.get(timeout=30)
    producer.close()
