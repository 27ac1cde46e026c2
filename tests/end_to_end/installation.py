"""The whole journey: four real systems, connectors, broker, resolver, relay, tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from schemas import wire
from service import access
from service.database.connection.migrate import migrate
from service.database.connection.session import Connection, connect
from service.database.facts import cases
from service.demo.retailer.writes import SYSTEMS
from service.demo.systems.systems import Systems
from service.local.servers import (
    EmbeddedBroker,
    EmbeddedPostgres,
    start_broker,
    start_postgres,
)
from service.local.stack import as_toml
from service.runtime.kafka_end_offsets import LogEnds
from service.runtime.ports import LOCALHOST, answers, free_port
from service.runtime.processes import our_program
from tests.end_to_end import source_systems
from tests.end_to_end.processes import RELAY, RESOLVER, SERVE, Processes

DATABASE = "couture"
CONNECTORS = tuple(f"connector-{system}" for system in SYSTEMS)
ALL = (RESOLVER, RELAY, *CONNECTORS)
STEADY_S = 90.0


@dataclass
class Installation:
    """Everything that runs, and how a test reaches it."""

    postgres: EmbeddedPostgres
    bootstrap: str
    parts: Processes
    configs: source_systems.Configs
    systems: Systems
    broker: EmbeddedBroker | None = None
    """The broker, where it is embedded."""
    home: EmbeddedPostgres | None = None
    """Couture's own server, where it is not that of the sources."""
    through: tuple[str, ...] = ()
    """A module, with its arguments, that runs every part in its own way."""
    environments: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """What a part, by its name, finds in its environment besides the usual."""

    @property
    def database_url(self) -> str:
        """The libpq URL of Couture's own database."""
        return (self.home or self.postgres).url(DATABASE)

    def connect(self) -> Connection:
        """Return a connection to Couture's own database."""
        return connect(self.database_url, autocommit=True)

    def start_service(self, *, resolver: str = "service.cli") -> None:
        """Start resolver and relay; the resolver may be another module."""
        for name, module in ((RESOLVER, resolver), (RELAY, "service.cli")):
            self.start(name, module, name)

    def start(self, name: str, module: str, *arguments: str) -> None:
        """Start a module of ours as the part of this name."""
        environment = {
            "COUTURE_DATABASE_URL": self.database_url,
            "COUTURE_KAFKA": self.bootstrap,
            "COUTURE_SESSION_TIMEOUT_S": "4",  # the dead are missed sooner
            **self.environments.get(name, {}),
        }
        command = (*self.through, module, *arguments)
        self.parts.start(our_program(name, *command, env=environment))

    def start_connectors(self) -> None:
        """Capture all four systems."""
        for system, config in self.configs.items():
            file = self.parts.directory / f"{system}.toml"
            file.write_text(as_toml(config))
            arguments = ("run", system, "--config", str(file))
            self.start(f"connector-{system}", "connectors", *arguments)

    def start_api(self) -> httpx.Client:
        """Serve the API; return a channel that asks it with a key for everything."""
        port = free_port()
        listen = {"COUTURE_LISTEN": f"{LOCALHOST}:{port}"}
        self.environments[SERVE] = {**self.environments.get(SERVE, {}), **listen}
        self.start(SERVE, "service.cli", "serve")
        self.parts.until(lambda: answers(port), within=60, what="the API answers")
        key = access.create_key(
            self.database_url, channel="till", scopes=list(access.SCOPES)
        )
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(
            base_url=f"http://{LOCALHOST}:{port}", headers=headers, timeout=10
        )

    def reopen_systems(self) -> None:
        """Enter the sources again, after their database went away."""
        self.systems.close()
        self.systems = source_systems.enter(self.configs)

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
        read = all(stored.get(place, 0) >= end for place, end in ends.items())
        resolved = connection.execute(
            "SELECT NOT EXISTS (SELECT FROM dirty)"
            " AND NOT EXISTS (SELECT FROM snapshot_part)"
            " AND NOT EXISTS (SELECT FROM sweep WHERE state = 'approved')"
        ).fetchone() == (True,)
        return bool(ends) and read and resolved and (not relay or _told(connection))


def _told(connection: Connection) -> bool:
    # The relay tells of overdue promises every few seconds, not as they pass. What it
    # has found stands in the outbox, so the outbox is looked at last.
    with connection.transaction(force_rollback=True):
        if cases.record_overdue(connection, now=datetime.now(UTC)):
            return False
    waiting = connection.execute("SELECT EXISTS (SELECT FROM outbox)").fetchone()
    return waiting == (False,)


def ends_of(bootstrap: str) -> dict[tuple[str, int], int]:
    """Return the end of every partition of changes and of what snapshots saw."""
    with LogEnds(bootstrap) as log:
        places = [
            place
            for topic in sorted(log.topics())
            if topic.startswith((wire.SOURCE_TOPIC_PREFIX, wire.SNAPSHOTS_TOPIC))
            for place in log.partitions(topic)
        ]
        found = log.of(places)
    return {(place.topic, place.partition): end for place, end in found.items()}


@contextmanager
def start_installation(directory: Path, *, bootstrap: str) -> Iterator[Installation]:
    """Start servers and systems; the caller starts service and connectors."""
    parts = Processes(directory)
    databases = (DATABASE, *source_systems.DATABASES)
    with start_postgres(directory / "postgres", databases=databases) as postgres:
        migrate(postgres.url(DATABASE))
        try:
            configs = source_systems.start_servers(postgres, parts)
            systems = source_systems.enter(configs)
            world = Installation(postgres, bootstrap, parts, configs, systems)
            yield world
            world.systems.close()
        finally:
            parts.stop_all()


@contextmanager
def start_embedded(directory: Path) -> Iterator[Installation]:
    """Start servers and systems as above, on an embedded broker of their own."""
    with (
        start_broker(directory=directory) as broker,
        start_installation(directory, bootstrap=broker.bootstrap) as world,
    ):
        world.broker = broker
        yield world
