"""The whole journey: four real systems, connectors, broker, resolver, relay, tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from schemas import wire
from service.database.migrate import migrate
from service.database.session import Connection, connect
from service.demo.acts import SYSTEMS
from service.demo.systems import Systems
from service.embedded import EmbeddedPostgres, start_postgres
from service.processes import our_program
from service.up import as_toml
from tests.journey import retail
from tests.journey.parts import Parts

DATABASE = "couture"
RESOLVER, RELAY = "resolve", "relay"
CONNECTORS = tuple(f"connector-{system}" for system in SYSTEMS)
ALL = (RESOLVER, RELAY, *CONNECTORS)
STEADY_S = 90.0


@dataclass(frozen=True)
class World:
    """Everything that runs, and how a test reaches it."""

    postgres: EmbeddedPostgres
    bootstrap: str
    parts: Parts
    systems: Systems
    configs: retail.Configs

    @property
    def database_url(self) -> str:
        """The libpq URL of Couture's own database."""
        return self.postgres.url(DATABASE)

    def connect(self) -> Connection:
        """Return a connection to Couture's own database."""
        return connect(self.database_url, autocommit=True)

    def start_service(self, *, resolver: str = "service.cli") -> None:
        """Start resolver and relay; the resolver may be another module."""
        environment = {
            "COUTURE_DATABASE_URL": self.database_url,
            "COUTURE_KAFKA": self.bootstrap,
        }
        for name, module in ((RESOLVER, resolver), (RELAY, "service.cli")):
            self.parts.start(our_program(name, module, name, env=environment))

    def start_connectors(self) -> None:
        """Capture all four systems."""
        for system, config in self.configs.items():
            file = self.parts.directory / f"{system}.toml"
            file.write_text(as_toml(config))
            arguments = ("run", system, "--config", str(file))
            environment = {"COUTURE_KAFKA": self.bootstrap}
            program = our_program(
                f"connector-{system}", "connectors", *arguments, env=environment
            )
            self.parts.start(program)

    def ends(self) -> dict[tuple[str, int], int]:
        """Return the end offset of every partition of the source topics."""
        return ends_of(self.bootstrap)

    def caught_up(self) -> bool:
        """Return whether all that is on Kafka took effect, and the outbox is empty."""
        ends = self.ends()
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT topic, partition, next_offset FROM stream_offset"
            )
            stored = {(topic, part): next_ for topic, part, next_ in rows}
            left = connection.execute(
                "SELECT (SELECT count(*) FROM dirty) + (SELECT count(*) FROM outbox)"
            ).fetchone()
        read = all(stored.get(place, 0) >= end for place, end in ends.items())
        return bool(ends) and read and left == (0,)


def ends_of(bootstrap: str) -> dict[tuple[str, int], int]:
    """Return the end offset of every partition of the source topics of a broker."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        places = [
            TopicPartition(topic, partition)
            for topic in sorted(consumer.topics())
            if topic.startswith(wire.SOURCE_TOPIC_PREFIX)
            for partition in consumer.partitions_for_topic(topic) or ()
        ]
        found: dict[Any, int] = consumer.end_offsets(places) if places else {}
    finally:
        consumer.close()
    return {(place.topic, place.partition): end for place, end in found.items()}


@contextmanager
def start_world(directory: Path, *, bootstrap: str) -> Iterator[World]:
    """Start servers and systems; the caller starts service and connectors."""
    parts = Parts(directory)
    databases = (DATABASE, *retail.DATABASES)
    with start_postgres(directory / "postgres", databases=databases) as postgres:
        migrate(postgres.url(DATABASE))
        try:
            configs = retail.start_servers(postgres, parts)
            with retail.opened(configs) as systems:
                yield World(postgres, bootstrap, parts, systems, configs)
        finally:
            parts.stop_all()
