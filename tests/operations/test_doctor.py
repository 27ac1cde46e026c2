"""`couture doctor` names what is wrong, with its remedy, and exits by it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from schemas import wire
from service.cli import app
from service.database.connection.session import Connection
from service.database.messages import offsets
from service.database.messages.offsets import StoredOffset
from service.database.operations import dead_letters
from service.local.servers import EmbeddedPostgres
from service.relay.topics import create_outgoing_topics, create_source_topics

TOPIC = wire.source_topic("pos")


def told(
    patch: pytest.MonkeyPatch, *, database_url: str, kafka: str
) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the exit code and what was found, by what was looked at."""
    patch.setenv("COUTURE_DATABASE_URL", database_url)
    patch.setenv("COUTURE_KAFKA", kafka)
    result = CliRunner().invoke(app, ["doctor", "--json"])
    found = {one["what"]: one for one in orjson.loads(result.stdout)}
    bare = [one for one in found.values() if one["health"] != "good"]
    assert all(one["remedy"] for one in bare)
    return result.exit_code, found


def test_what_is_in_order_and_what_to_look_at(
    database_url: str,
    connection: Connection,
    broker: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    create_outgoing_topics(broker)
    create_source_topics(broker, [TOPIC])
    place = (TOPIC, "t", 0, 0, "not_json", "", b"k", b"{", [])
    dead_letters.add(connection, [dead_letters.DeadLetter(*place)])
    offsets.start(
        connection,
        consumer="couture-resolver",
        topic=TOPIC,
        partition=2,
        stored=StoredOffset(500, "t"),
    )

    code, found = told(monkeypatch, database_url=database_url, kafka=broker)

    health = {what: one["health"] for what, one in found.items()}
    assert health["database"] == health["tables"] == health["broker"] == "good"
    assert health["model"] == health["processes"] == health["dead letters"] == "look"
    assert health["connectors"] == "look"
    assert health["slots"] == "good"
    assert "disk" in health
    assert "couture relay" in found["processes"]["remedy"]
    assert f"{TOPIC}[2]" in found["offsets"]["detail"]
    # the tests' own PostgreSQL is quick and not durable, and that is said
    assert (code, health["durability"]) == (1, "bad")


def test_a_database_without_tables_and_a_broker_away_are_told_with_remedies(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.url("postgres")
    code, found = told(monkeypatch, database_url=url, kafka="127.0.0.1:9")

    assert code == 1
    assert "couture migrate" in found["tables"]["remedy"]
    assert (found["broker"]["health"], "model" in found) == ("bad", False)
    assert "COUTURE_KAFKA" in found["broker"]["remedy"]


def test_without_a_database_the_broker_is_looked_at_all_the_same(
    broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = "postgresql://127.0.0.1:9/nobody"
    code, found = told(monkeypatch, database_url=away, kafka=broker)

    assert (code, found["database"]["health"]) == (1, "bad")
    assert found["broker"]["health"] == "good"
