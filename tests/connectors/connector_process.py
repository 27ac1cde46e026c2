"""A connector as a process of its own, and what stands on Kafka afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition

from connectors.kafka.broker import PARTITIONS
from schemas import wire
from schemas.change_event import ChangeEvent, Op

ROOT = Path(__file__).parents[2]
PATIENCE_S = 150.0


class Process:
    """`python -m connectors …` in a directory of its own; its stderr in a file."""

    def __init__(
        self, directory: Path, *arguments: str, environ: Mapping[str, str]
    ) -> None:
        self.log = directory / "stderr.log"
        self._file = self.log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "connectors", *arguments],
            cwd=directory,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
            stdout=self._file,
            stderr=self._file,
        )

    @property
    def said(self) -> str:
        """All it wrote."""
        return self.log.read_text("utf-8")

    def wait_for(self, words: str) -> None:
        """Wait until it has written these words."""
        wait_until(lambda: words in self.said, lambda: self.said)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_S)

    def wait(self) -> int:
        """Wait for its end; return its exit code."""
        return self._process.wait(PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self.kill()
        self._file.close()


class Topic:
    """All the messages of a topic, from its start."""

    def __init__(
        self, bootstrap: str, topic: str, *, partitions: int = PARTITIONS
    ) -> None:
        self._kafka = KafkaConsumer(
            bootstrap_servers=bootstrap, group_id=None, fetch_max_wait_ms=20
        )
        places = [TopicPartition(topic, number) for number in range(partitions)]
        self._kafka.assign(places)
        self._kafka.seek_to_beginning()
        self._topic = topic
        self.messages: list[Any] = []

    def read(self) -> list[Any]:
        """Return all messages so far."""
        for found in self._kafka.poll(timeout_ms=50).values():
            self.messages.extend(found)
        return self.messages

    def events(self) -> list[ChangeEvent]:
        """Return all change events so far."""
        return [
            wire.decode(one.value, one.headers, topic=self._topic)
            for one in self.read()
        ]

    def state(self) -> dict[str, ChangeEvent]:
        """Return what a reader knows who ignores what is not later: by partition key,
        the events with the greatest position."""
        known: dict[str, ChangeEvent] = {}
        for event in self.events():
            key = f"{event.kind}/{event.key}"
            if key not in known or event.position > known[key].position:
                known[key] = event
        return {key: one for key, one in known.items() if one.op is not Op.DELETE}

    def close(self) -> None:
        """Let go of the broker."""
        self._kafka.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def wait_until(
    reached: Callable[[], object], explain: Callable[[], object] = lambda: ""
) -> None:
    """Wait until it is so; fail with the explanation after a long time."""
    deadline = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.05)
