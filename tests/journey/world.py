"""The whole journey: four real systems, connectors, broker, resolver, relay, tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from schemas import wire
from service.database.migrate import migrate
from service.database.session import Connection, connect
from service.demo.acts import SYSTEMS
from service.demo.systems import Systems
from service.embedded import EmbeddedPostgres, start_postgres
from service.processes import our_program
from service.resolver.log_ends import LogEnds
from service.up import as_toml
from tests.journey import retail
from tests.journey.parts import Parts

DATABASE = "couture"
RESOLVER, RELAY = "resolve", "relay"
CONNECTORS = tuple(f"connector-{system}" for system in SYSTEMS)
ALL = (RESOLVER, RELAY, *CONNECTORS)
STEADY_S = 90.0


@dataclass
class World:
    """Everything that runs, and how a test reaches it."""

    postgres: EmbeddedPostgres
    bootstrap: str
    parts: Parts
    configs: retail.Configs
    systems: Systems

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

    def reopen_systems(self) -> None:
        """Enter the sources again, after their database went away."""
        self.systems.close()
        self.systems = retail.enter(self.configs)

    def ends(self) -> dict[tuple[str, int], int]:
        """Return the end offset of every partition of the source topics."""
        return ends_of(self.bootstrap)

    def caught_up(self) -> bool:
        """Return whether all that is on Kafka took effect and was told."""
        return caught_up(self.database_url, self.bootstrap)


def caught_up(database_url: str, bootstrap: str, *, relay: bool = True) -> bool:
    """Return whether all that is on Kafka took effect; with a relay, also was told."""
    ends = ends_of(bootstrap)
    with connect(database_url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT topic, partition, next_offset FROM stream_offset"
        )
        stored = {(topic, part): next_ for topic, part, next_ in rows}
        waiting = connection.execute(
            "SELECT EXISTS (SELECT FROM dirty), EXISTS (SELECT FROM outbox)"
        ).fetchone()
    read = all(stored.get(place, 0) >= end for place, end in ends.items())
    return bool(ends) and read and waiting in ((False, False), (False, not relay))


def ends_of(bootstrap: str) -> dict[tuple[str, int], int]:
    """Return the end offset of every partition of the source topics of a broker."""
    with LogEnds(bootstrap) as log:
        places = [
            place
            for topic in sorted(log.topics())
            if topic.startswith(wire.SOURCE_TOPIC_PREFIX)
            for place in log.partitions(topic)
        ]
        found = log.of(places)
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
            systems = retail.enter(configs)
            world = World(postgres, bootstrap, parts, configs, systems)
            yield world
            world.systems.close()
        finally:
            parts.stop_all()
