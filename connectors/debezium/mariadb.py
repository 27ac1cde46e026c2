"""A MariaDB database, captured from its binlog."""

from __future__ import annotations

import json
import re
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, SecretStr

from connectors.contract import (
    Batch,
    CaptureRequest,
    Config,
    Kind,
    Offset,
    Payload,
    Table,
)
from connectors.debezium import jars, schema_watch
from connectors.debezium import mariadb_server as server
from connectors.debezium.engine import Engine, Record, Records
from connectors.debezium.envelope import Change
from connectors.debezium.schema_watch import ReadAgain, SchemaWatch
from connectors.debezium.streaming import Following, expected_rows, is_complete
from connectors.kafka import topic_reader
from connectors.mapping.columns import Need

HISTORY_TOPIC = "couture.schema_history."


class MariaDBConfig(Config):
    """Where the database is; what is captured stands in the mapping file."""

    kind: Literal["mariadb"]
    dsn: SecretStr = Field(description="mariadb://user:password@host:port/database")
    server_id: int | None = Field(
        default=None, ge=1, lt=2**32, description="unlike any other replica's"
    )
    poll_interval_ms: int = Field(default=20, ge=1, le=10_000)
    heartbeat_ms: int = Field(default=5_000, ge=100)
    batch_size: int = Field(default=2_048, ge=1, le=20_000)


class MariaDBConnector:
    """Debezium's MariaDB connector; tables are `name` or `database.name`.

    What the tables looked like at each place of the log stands on a topic of the
    broker, beside the records: without it the log cannot be read.
    """

    name = "debezium-mariadb"

    def __init__(
        self,
        config: MariaDBConfig,
        tables: Sequence[str],
        needs: Mapping[str, Sequence[Need]],
        *,
        bootstrap: str,
    ) -> None:
        self._config = config
        self._address = server.Address.read(config.dsn.get_secret_value())
        self._tables = list(tables)
        self._needs = needs
        self._bootstrap = bootstrap
        self._history = HISTORY_TOPIC + config.system
        self._read_again = False

    def check(self) -> None:
        """Look at the server's settings, the user's rights and the tables."""
        with server.connection(self._address) as opened:
            server.check_ready(opened, self._tables)
            schema_watch.require(server.shapes(opened, self._tables), self._needs)

    def start_from(self, offset: Offset | None) -> Offset | None:
        """Return the offset if the binlog and the history still hold what it needs."""
        engine: Any = offset.get("engine") if offset else None
        if offset is None or self._read_again or not is_complete(offset):
            self._read_again = False
            return None
        with server.connection(self._address) as opened:
            kept = server.log_file_exists(opened, engine.get("file"))
        if kept and topic_reader.holds_messages(self._bootstrap, self._history):
            return offset
        return None

    def remove(self) -> list[str]:
        """Let go of nothing: the source keeps nothing for us."""
        return []

    def discover(self) -> list[Table]:
        """Return the tables of the database."""
        with server.connection(self._address) as opened:
            return server.tables(opened)

    def snapshot(self) -> Iterator[Batch]:
        """Read the tables, then follow them: the engine passes from one to the other
        without a gap."""
        return self._follow({})

    def changes(self, after: Offset) -> Iterator[Batch]:
        """Follow the tables from an offset on."""
        return self._follow(after)

    def _follow(self, after: Any) -> Iterator[Batch]:
        known = schema_watch.read(after.get("shapes")) or self._shapes()
        following = Following(
            engine=Engine(
                self._properties(),
                after.get("engine"),
                jars=jars.mariadb(),
                authorities=self._address.ssl_ca,
            ),
            dialect=_Dialect(self._address.database, self._tables),
            watch=SchemaWatch(self._shapes, self._needs, known),
            since=after.get("snapshot"),
            snapshot=not after,
            total=None if after else expected_rows(self.discover(), self._tables),
        )
        try:
            yield from following.batches()
        except ReadAgain:
            self._read_again = True
            raise

    def _shapes(self) -> schema_watch.Shapes:
        with server.connection(self._address) as opened:
            return server.shapes(opened, self._tables)

    def _properties(self) -> dict[str, str]:
        config, address = self._config, self._address
        named = [
            table if "." in table else f"{address.database}.{table}"
            for table in self._tables
        ]
        databases = {table.split(".", 1)[0] for table in named}
        history = "schema.history.internal"
        # A replica's number: the same at each start, another for each system.
        number = config.server_id or 2**31 + zlib.crc32(config.system.encode()) // 2
        return {
            "name": config.system,
            "connector.class": "io.debezium.connector.mariadb.MariaDbConnector",
            "topic.prefix": config.system,
            "database.hostname": address.host,
            "database.port": str(address.port),
            "database.user": address.user,
            "database.password": address.password,
            "database.ssl.mode": address.ssl_mode,
            "database.server.id": str(number),
            "database.include.list": ",".join(re.escape(one) for one in databases),
            "table.include.list": ",".join(re.escape(table) for table in named),
            history: "io.debezium.storage.kafka.history.KafkaSchemaHistory",
            f"{history}.kafka.topic": self._history,
            f"{history}.kafka.bootstrap.servers": self._bootstrap,
            f"{history}.store.only.captured.tables.ddl": "true",
            "snapshot.mode": "initial",
            "poll.interval.ms": str(config.poll_interval_ms),
            "max.batch.size": str(config.batch_size),
            "max.queue.size": str(config.batch_size * 4),
            "heartbeat.interval.ms": str(config.heartbeat_ms),
            "tombstones.on.delete": "false",
            # Truncations too: by default they pass unseen.
            "skipped.operations": "none",
            "decimal.handling.mode": "string",
            "time.precision.mode": "isostring",
            "offset.storage": "org.apache.kafka.connect.storage.FileOffsetBackingStore",
            "offset.flush.interval.ms": "1000",
            "key.converter.schemas.enable": "false",
            "value.converter.schemas.enable": "false",
            # The runner retries, where everyone can see it.
            "errors.max.retries": "0",
        }


class _Dialect:
    """What is MariaDB's own."""

    def __init__(self, database: str, tables: Sequence[str]) -> None:
        self._database = database
        self._tables = frozenset(tables)
        self._file = 0

    def table(self, source: dict[str, Any]) -> str:
        return self._named(source["db"], source["table"])

    def since(
        self, stored: int | None, found: list[Change], read: Records
    ) -> int | None:
        # The log counts from 1 again on another server, or when it was reset: then
        # the number of the snapshot, in µs, tells that what follows is the later.
        offset = read.offset or {}
        file = _number(offset["file"]) if offset.get("file") else self._file
        restarted = file < self._file
        self._file = file
        if stored is None:
            return time.time_ns() // 1000
        return max(stored + 1, time.time_ns() // 1000) if restarted else stored

    def position(self, source: dict[str, Any]) -> tuple[int, ...]:
        return (_number(source["file"]), source["pos"], source["row"])

    def start(self) -> tuple[int, ...]:
        return (0, 0, 0)

    def payload(self, found: Change, table: str) -> Payload | None:
        return found.after

    def before(self, found: Change, table: str) -> Payload | None:
        return found.before  # whole: binlog_row_image is FULL

    def recreated(self, record: Record) -> str | None:
        # Words on schemas have no `op`, but the changes of the tables.
        if '"tableChanges":[{' not in record.value:
            return None
        for one in json.loads(record.value)["tableChanges"]:
            parts = [part.strip('"') for part in one["id"].split(".")]
            name = self._named(parts[0], parts[-1])
            renamed = one.get("previousId") or one["type"] != "ALTER"
            if renamed and name in self._tables:
                return name
        return None

    def _named(self, database: str, table: str) -> str:
        return table if database == self._database else f"{database}.{table}"


def _number(file: object) -> int:
    """Return the number of a file of the binlog (`binlog.000042`)."""
    return int(str(file).rpartition(".")[2])


def _connector(config: MariaDBConfig, request: CaptureRequest) -> MariaDBConnector:
    tables = list(request.needs)
    broker = request.bootstrap
    return MariaDBConnector(config, tables, request.needs, bootstrap=broker)


KIND = Kind(MariaDBConnector.name, MariaDBConfig, _connector)
