"""A twin of the resolver with the fault that Couture is built against.

Kafka keeps its offsets, committed as soon as messages are polled (as a consumer that
commits automatically in the background does), and those in PostgreSQL are ignored.
Run it as the resolver is run: `python -m tests.faults.autocommit_twin`.
"""

from __future__ import annotations

import os
import signal
from typing import Any

from kafka import TopicPartition

from service.commands.command_context import settings_for_command
from service.database.connection.session import Connection
from service.database.messages import offsets
from service.database.messages.offsets import StoredOffset
from service.resolver import worker
from service.resolver.consumer import SourceConsumer, _message
from service.resolver.micro_batch import Message

DIES = "twin_dies"
"""While a table of this name stands, the twin is killed after its next commit."""


class AutoCommitStream(SourceConsumer):
    """Goes on where Kafka says, which counts a message as done once it was polled."""

    def poll(self, connection: Connection, *, limit: int) -> list[Message]:
        """Return the next messages, and count them as done."""
        self._take_partitions()
        polled = self._kafka.poll(timeout_ms=200, max_records=limit)
        for place in self._unplaced & self._kafka.assignment():
            read = polled.get(place)
            at = read[0].offset if read else self._kafka.position(place)
            self._agree(connection, place, at)
        self._unplaced.clear()
        if polled:
            self._kafka.commit()
            die_if_told(connection)
        return [_message(self, r) for records in polled.values() for r in records]

    def place(
        self,
        connection: Connection,
        partitions: set[TopicPartition] | None = None,
        *,
        again: bool = False,
    ) -> None:
        """Leave the consumer where it is, and let PostgreSQL agree with it."""
        for place in self._kafka.assignment():
            self._agree(connection, place, self._kafka.position(place))

    def _agree(self, connection: Connection, place: Any, at: int) -> None:
        offsets.start(
            connection,
            consumer=self._name,
            topic=place.topic,
            partition=place.partition,
            stored=StoredOffset(at, ""),
        )
        self.expected[place.topic, place.partition] = at


def die_if_told(connection: Connection) -> None:
    """Be killed at the worst moment: what was polled counts as done, and is not."""
    told = connection.execute(f"SELECT to_regclass('{DIES}')").fetchone()
    if told and told[0]:
        connection.execute(f"DROP TABLE {DIES}")
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Resolve as the resolver does, but for the offsets."""
    setattr(worker, "SourceConsumer", AutoCommitStream)  # noqa: B010
    with settings_for_command() as settings:
        worker.run(settings)


if __name__ == "__main__":
    main()
