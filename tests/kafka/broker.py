"""A real Apache Kafka broker (KRaft, one node) as a child process of the tests."""

from __future__ import annotations

import base64
import ctypes
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.kafka.jars import class_path, java

STARTED = "Kafka Server started"
LONGEST_START = 60.0
PR_SET_PDEATHSIG = 1

# A killed broker is taken back when its session has ended: 9 s by default.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{advertised}
log.dirs={log}
num.network.threads=1
num.io.threads=2
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
"""
JVM = [
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
]


class KafkaDidNotStart(Exception):
    """The broker ended or stayed silent; the text is the end of its log."""


class ApacheKafka:
    """One broker and its log directory; `kill` and `restart` keep the directory.

    It tells its clients to come to the advertised port, where a proxy may stand.
    """

    def __init__(
        self,
        directory: Path,
        *,
        port: int,
        controller: int,
        advertised: int | None = None,
    ) -> None:
        advertised = advertised or port
        self.bootstrap = f"127.0.0.1:{advertised}"
        self.directory = directory
        self._properties = directory / "server.properties"
        self._output = directory / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._properties.write_text(
            PROPERTIES.format(
                port=port,
                controller=controller,
                advertised=advertised,
                log=directory / "log",
            )
        )

    @property
    def pid(self) -> int | None:
        """The process id while the broker runs."""
        return self._process.pid if self._process else None

    def format(self) -> None:
        """Give the empty log directory its cluster id."""
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().strip("=")
        subprocess.run(
            [
                *self._java("kafka.tools.StorageTool"),
                # with an equals sign: one id in 64 starts with a dash
                *("format", f"--cluster-id={cluster_id}"),
                *("-c", str(self._properties)),
            ],
            check=True,
            capture_output=True,
            timeout=LONGEST_START,
        )

    def start(self) -> None:
        """Start the broker and return when it answers; raise KafkaDidNotStart."""
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [*self._java("kafka.Kafka"), str(self._properties)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent(),
            )
        deadline = time.monotonic() + LONGEST_START
        while STARTED not in self._output.read_text(errors="replace"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise KafkaDidNotStart(self._output.read_text(errors="replace")[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        """End the broker as an operator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the broker at once, as a crash would; what it acknowledged stays."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Start again on the same port with the same log."""
        self.kill()
        self.start()

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _java(self, main: str) -> list[str]:
        return [java(), *JVM, "-cp", class_path(), main]


@contextmanager
def start_kafka(
    directory: Path, *, port: int | None = None, advertised: int | None = None
) -> Iterator[ApacheKafka]:
    """Run a broker in an empty directory; raise NoKafkaJars or KafkaDidNotStart."""
    free, controller = _free_ports(2)
    kafka = ApacheKafka(
        directory, port=port or free, controller=controller, advertised=advertised
    )
    kafka.format()
    kafka.start()
    try:
        yield kafka
    finally:
        kafka.kill()


def _die_with_parent() -> Callable[[], None]:
    # Loaded before the fork: the child must not import anything.
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    return ask


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
