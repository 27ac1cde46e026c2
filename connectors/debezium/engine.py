"""Debezium's engine as a plain iterator: one batch at a time, acknowledged by asking
for the next."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import JsonValue

from connectors.debezium import truststore
from connectors.debezium.errors import failure
from connectors.debezium.jvm import java_class, start

_IDLE_S = 1.0
_CLOSE_S = 15.0


@dataclass(frozen=True, slots=True)
class Record:
    """One record of Debezium's: the key and the envelope as JSON text."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one batch, and Debezium's own offset after the last of them."""

    records: list[Record]
    offset: dict[str, JsonValue] | None


class _Abandoned(Exception):
    """The batch was not acknowledged: the engine must not count it as done."""


class Engine:
    """One run of Debezium's engine; it cannot be started twice."""

    def __init__(
        self,
        properties: Mapping[str, str],
        offset: Mapping[str, JsonValue] | None,
        *,
        jars: Path,
        authorities: str | None = None,
    ) -> None:
        self._authorities = authorities
        self._jars = jars
        self._properties = properties
        self._offset = offset
        self._batches: queue.Queue[Records | Exception | None] = queue.Queue()
        self._verdicts: queue.Queue[bool] = queue.Queue()
        self._closing = threading.Event()

    def batches(self) -> Iterator[Records]:
        """Yield batches, empty ones while nothing happens; raise what stopped it."""
        start(self._jars)
        # Debezium reads its offset from a file; the truth stands in Kafka, and the
        # file only hands it over.
        with TemporaryDirectory(prefix="couture-offset-") as folder:
            file = Path(folder) / "offset"
            if self._offset is not None:
                _hand_over(self._properties, self._offset, file)
            engine = self._build(file)
            thread = threading.Thread(target=engine.run, daemon=True)
            thread.start()
            try:
                yield from self._received()
            finally:
                self._closing.set()
                self._verdicts.put(False)
                self._stop(engine, thread)

    def _received(self) -> Iterator[Records]:
        while True:
            try:
                received = self._batches.get(timeout=_IDLE_S)
            except queue.Empty:
                yield Records([], None)
                continue
            if received is None:
                return
            if isinstance(received, Exception):
                raise received
            yield received
            self._verdicts.put(True)

    def accept(self, records: Any) -> None:
        """Pass a batch on and return when it is acknowledged (on Debezium's thread)."""
        if self._closing.is_set():
            raise _Abandoned
        self._batches.put(_read(records))
        if not self._verdicts.get():
            raise _Abandoned

    def ended(self, error: Any) -> None:
        """Note how the engine ended (on Debezium's thread)."""
        self._batches.put(None if error is None else failure(error))

    def _build(self, file: Path) -> Any:
        properties = java_class("java.util.Properties")()
        for name, value in self._properties.items():
            properties.setProperty(name, value)
        properties.setProperty("offset.storage.file.filename", str(file))
        if self._authorities is not None:
            store = file.with_name("authorities.p12")
            truststore.write(self._authorities, store)
            properties.setProperty("database.ssl.truststore", str(store))
            properties.setProperty(
                "database.ssl.truststore.password", truststore.PASSWORD
            )
        callbacks = _callbacks(self)
        return (
            java_class("io.debezium.engine.DebeziumEngine")
            .create(java_class("io.debezium.engine.format.Json"))
            .using(properties)
            .using(callbacks[0])
            .notifying(callbacks[1])
            .build()
        )

    @staticmethod
    def _stop(engine: Any, thread: threading.Thread) -> None:
        import jpype

        with suppress(jpype.JException):  # raised if it had ended by itself
            engine.close()
        thread.join(_CLOSE_S)


def _callbacks(engine: Engine) -> tuple[Any, Any]:
    # Java's interfaces can be implemented only once the runtime has started.
    import jpype

    class Completion:
        @jpype.JOverride  # type: ignore[untyped-decorator]
        def handle(self, success: bool, message: Any, error: Any) -> None:
            engine.ended(None if success else error)

    class Consumer:
        @jpype.JOverride  # type: ignore[untyped-decorator]
        def handleBatch(self, records: Any, committer: Any) -> None:  # noqa: N802
            engine.accept(records)
            for record in records:
                committer.markProcessed(record)
            committer.markBatchFinished()

        @jpype.JOverride  # type: ignore[untyped-decorator]
        def supportsTombstoneEvents(self) -> bool:  # noqa: N802
            return False

    package = "io.debezium.engine.DebeziumEngine$"
    return (
        jpype.JImplements(package + "CompletionCallback")(Completion)(),
        jpype.JImplements(package + "ChangeConsumer")(Consumer)(),
    )


def _read(records: Any) -> Records:
    last, read = None, []
    for record in records:
        last, value = record, record.value()
        if value is not None:
            read.append(Record(str(record.key()), str(value)))
    offset = None if last is None else _plain(last.sourceRecord().sourceOffset())
    return Records(read, offset)


def _plain(offset: Any) -> dict[str, JsonValue]:
    # Debezium's offsets are flat maps of numbers, words and booleans.
    text = java_class("com.fasterxml.jackson.databind.ObjectMapper")()
    found: dict[str, JsonValue] = json.loads(str(text.writeValueAsString(offset)))
    return found


def _hand_over(
    properties: Mapping[str, str], offset: Mapping[str, JsonValue], file: Path
) -> None:
    import jpype

    entries = java_class("java.util.HashMap")()
    key = [properties["name"], {"server": properties["topic.prefix"]}]
    entries.put(
        *(
            jpype.JArray(jpype.JByte)(json.dumps(part, separators=(",", ":")).encode())
            for part in (key, offset)
        )
    )
    stream = java_class("java.io.ObjectOutputStream")(
        java_class("java.io.FileOutputStream")(str(file))
    )
    stream.writeObject(entries)
    stream.close()
