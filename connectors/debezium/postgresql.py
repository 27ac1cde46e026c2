"""A PostgreSQL database, captured from its write-ahead log (pgoutput)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, JsonValue, SecretStr

from connectors.contract import Batch, Config, Offset, Row, Table
from connectors.debezium import server
from connectors.debezium.engine import Engine, Record, Records
from connectors.debezium.unavailable import completed
from schemas.change_event import Op

_Change = tuple[str, dict[str, Any]]
"""A key as JSON text, and the envelope around the row."""


class PostgresConfig(Config):
    """Where the database is; what is captured stands in the mapping file."""

    kind: Literal["postgresql"]
    dsn: SecretStr = Field(description="libpq URL of the database")
    poll_interval_ms: int = Field(default=20, ge=1, le=10_000)
    heartbeat_ms: int = Field(default=5_000, ge=100)
    batch_size: int = Field(default=2_048, ge=1, le=20_000)


class PostgresConnector:
    """Debezium's PostgreSQL connector; tables are `name` or `schema.name`."""

    name = "debezium-postgresql"

    def __init__(self, config: PostgresConfig, tables: Sequence[str]) -> None:
        self._config = config
        self._tables = [server.qualified(table) for table in tables]
        self._slot = f"couture_{config.system}"

    def check(self) -> None:
        """Look at the server's settings, the user's rights and the tables."""
        with server.connection(self._dsn) as connection:
            server.check_ready(connection, self._tables)

    def start_from(self, offset: Offset | None) -> Offset | None:
        """Return the offset if the slot still holds all that follows it.

        Otherwise drop the slot: the snapshot then starts with a slot of its own, at
        one point of the log, with no change before it unread and none after it lost.
        """
        with server.connection(self._dsn) as connection:
            complete = offset is not None and _is_complete(offset)
            if complete and server.slot_holds(connection, self._slot):
                return offset
            server.drop_slot(connection, self._slot)
        return None

    def discover(self) -> list[Table]:
        """Return the tables of the database."""
        with server.connection(self._dsn) as connection:
            return server.tables(connection)

    def snapshot(self) -> Iterator[Batch]:
        """Read the tables, then follow them: the engine passes from one to the other
        without a gap."""
        return self._follow(None)

    def changes(self, after: Offset) -> Iterator[Batch]:
        """Follow the tables from an offset on."""
        return self._follow(after)

    @property
    def _dsn(self) -> str:
        return self._config.dsn.get_secret_value()

    def _follow(self, after: Offset | None) -> Iterator[Batch]:
        stored: Any = after or {}
        # Row LSNs order the changes of one row, but a change written before the
        # snapshot's point and committed after it has the smaller LSN and is the later
        # one. So the snapshot's point comes first, and its own rows are number 0.
        since: int | None = stored.get("snapshot_lsn")
        snapshot = after is None
        engine = Engine(self._properties(), stored.get("engine"))
        for read in engine.batches():
            changes = [change for one in read.records if (change := _change(one))]
            if since is None:
                since = _snapshot_lsn(changes, read.offset)
            was_snapshot = snapshot
            if read.offset is not None and snapshot:
                snapshot = not _is_complete({"engine": read.offset})
            yield replace(
                self._batch(changes, read, since),
                snapshot=snapshot,
                whole=was_snapshot and not snapshot,
                read_at=None if since is None else (since, 0),
            )

    def _batch(
        self,
        changes: list[_Change],
        read: Records,
        since: int | None,
    ) -> Batch:
        rows = [self._row(*change, since or 0) for change in changes]
        offset: dict[str, JsonValue] | None = None
        if read.offset is not None and since is not None:
            offset = {"engine": read.offset, "snapshot_lsn": since}
        return Batch(
            rows=rows,
            offset=offset,
        )

    def _row(self, key: str, envelope: dict[str, Any], since: int) -> Row:
        source, op, keys = envelope["source"], Op(envelope["op"]), json.loads(key)
        snapshot = source["snapshot"] not in ("false", None)
        schema, name = source["schema"], source["table"]
        table = name if schema == "public" else f"{schema}.{name}"
        # With the default replica identity only the key columns of `before` are true.
        payload = keys
        if op is not Op.DELETE:
            payload = completed(envelope["after"], dsn=self._dsn, table=table, key=keys)
        return Row(
            table=table,
            op=op,
            payload=payload,
            position=(since, 0 if snapshot else source["lsn"]),
            ts_ms=source["ts_ms"],
            snapshot=snapshot,
        )

    def _properties(self) -> dict[str, str]:
        config, dsn = self._config, conninfo_to_dict(self._dsn)
        return {
            "name": config.system,
            "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
            "topic.prefix": config.system,
            "database.hostname": str(dsn.get("host", "localhost")),
            "database.port": str(dsn.get("port", 5432)),
            "database.user": str(dsn.get("user", "postgres")),
            "database.password": str(dsn.get("password", "")),
            "database.dbname": str(dsn.get("dbname", config.system)),
            "database.sslmode": str(dsn.get("sslmode", "prefer")),
            "plugin.name": "pgoutput",
            "slot.name": self._slot,
            "publication.name": self._slot,
            "publication.autocreate.mode": "filtered",
            "table.include.list": ",".join(self._tables),
            "snapshot.mode": "initial",
            "poll.interval.ms": str(config.poll_interval_ms),
            "max.batch.size": str(config.batch_size),
            "max.queue.size": str(config.batch_size * 4),
            # An idle source must not hold back the write-ahead log.
            "heartbeat.interval.ms": str(config.heartbeat_ms),
            "tombstones.on.delete": "false",
            "decimal.handling.mode": "string",
            "time.precision.mode": "isostring",
            "offset.storage": "org.apache.kafka.connect.storage.FileOffsetBackingStore",
            "offset.flush.interval.ms": "1000",
            "key.converter.schemas.enable": "false",
            "value.converter.schemas.enable": "false",
            # The runner retries, where everyone can see it.
            "errors.max.retries": "0",
            "slot.max.retries": "10",
            "slot.retry.delay.ms": "500",
        }


def _snapshot_lsn(
    changes: list[_Change], offset: dict[str, JsonValue] | None
) -> int | None:
    """Return the snapshot's point of the log; empty tables show it in the offset."""
    if changes:
        lsn: int = changes[0][1]["source"]["lsn"]
        return lsn
    found = offset and offset.get("lsn")
    return found if isinstance(found, int) else None


def _is_complete(offset: Offset) -> bool:
    engine: Any = offset.get("engine")
    if not isinstance(engine, dict):
        return False
    return "snapshot" not in engine or engine.get("snapshot_completed") is True


def _change(record: Record) -> _Change | None:
    envelope = json.loads(record.value)
    # Heartbeats, truncations and messages carry no row.
    return (
        (record.key, envelope) if envelope.get("op") in ("r", "c", "u", "d") else None
    )
