"""A PostgreSQL database, captured from its write-ahead log (pgoutput)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr

from connectors.contract import (
    Batch,
    CaptureRequest,
    Config,
    Kind,
    Offset,
    Payload,
    StopSource,
    Table,
)
from connectors.debezium import (
    jars,
    postgresql_rights,
    postgresql_server,
    schema_watch,
)
from connectors.debezium.engine import Engine, Record, Records
from connectors.debezium.envelope import Change
from connectors.debezium.postgresql_catalogue import old_columns, shapes
from connectors.debezium.schema_watch import ReadAgain, SchemaWatch
from connectors.debezium.streaming import Following, expected_rows, is_complete
from connectors.debezium.unavailable_values import completed
from connectors.mapping.columns import Need
from schemas.change_event import Op

_MESSAGE = "SELECT pg_logical_emit_message(false, 'couture', '')"


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

    def __init__(
        self,
        config: PostgresConfig,
        tables: Sequence[str],
        needs: Mapping[str, Sequence[Need]] | None = None,
        ids: Mapping[str, Sequence[Need]] | None = None,
    ) -> None:
        self._config = config
        self._names = list(tables)
        self._tables = [postgresql_server.qualified(table) for table in tables]
        self._needs, self._ids = needs or {}, ids or {}
        self._slot = f"couture_{config.system}"
        self._read_again = False

    def check(self) -> None:
        """Look at the server's settings, the user's rights and the tables."""
        with postgresql_server.connection(self._dsn) as connection:
            postgresql_server.check_ready(connection, self._tables)
            postgresql_rights.require(connection, self._tables, publication=self._slot)
            postgresql_server.check_slot(connection, self._slot)
            postgresql_server.check_partitions(connection, self._slot, self._tables)
            schema_watch.require(shapes(connection, self._names), self._needs)
            old = old_columns(connection, self._names)
        for table, ids in self._ids.items():
            _require_old_id(table, ids, old.get(table, frozenset()))

    def start_from(self, offset: Offset | None) -> Offset | None:
        """Return the offset if the slot still holds all that follows it.

        Otherwise drop the slot: the snapshot then starts with a slot of its own, at
        one point of the log, with no change before it unread and none after it lost.
        """
        with postgresql_server.connection(self._dsn) as connection:
            if (
                offset is not None
                and is_complete(offset)
                and "snapshot" in offset
                and not self._read_again
                and postgresql_server.slot_holds(
                    connection, self._slot, after=_reached(offset)
                )
            ):
                return offset
            postgresql_server.drop_slot(connection, self._slot)
        self._read_again = False
        return None

    def remove(self) -> list[str]:
        """Drop slot and publication; raise RetryLater while the slot is read."""
        with postgresql_server.connection(self._dsn) as connection:
            postgresql_server.drop_slot(connection, self._slot)
            postgresql_server.drop_publication(connection, self._slot)
        return [f"The slot and the publication {self._slot} are dropped."]

    def discover(self) -> list[Table]:
        """Return the tables of the database."""
        with postgresql_server.connection(self._dsn) as connection:
            return postgresql_server.tables(connection)

    def snapshot(self) -> Iterator[Batch]:
        """Read the tables, then follow them: the engine passes from one to the other
        without a gap."""
        return self._follow({})

    def changes(self, after: Offset) -> Iterator[Batch]:
        """Follow the tables from an offset on."""
        return self._follow(after)

    @property
    def _dsn(self) -> str:
        return self._config.dsn.get_secret_value()

    def _follow(self, after: Any) -> Iterator[Batch]:
        known = schema_watch.read(after.get("shapes")) or self._shapes()
        following = Following(
            engine=Engine(self._properties(), after.get("engine"), jars=jars.bundled()),
            dialect=_Dialect(self._dsn, self._old_columns()),
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
        with postgresql_server.connection(self._dsn) as connection:
            return shapes(connection, self._names)

    def _old_columns(self) -> dict[str, frozenset[str]]:
        with postgresql_server.connection(self._dsn) as connection:
            return old_columns(connection, self._names)

    def _properties(self) -> dict[str, str]:
        config, dsn = self._config, conninfo_to_dict(self._dsn)
        with postgresql_server.connection(self._dsn) as connection:
            made_for_us = postgresql_rights.is_of_another(connection, self._slot)
        encryption = {"database.sslmode": str(dsn.get("sslmode", "prefer"))}
        if dsn.get("sslrootcert"):
            encryption["database.sslrootcert"] = str(dsn["sslrootcert"])
        return encryption | {
            "name": config.system,
            "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
            "topic.prefix": config.system,
            "database.hostname": str(dsn.get("host", "localhost")),
            "database.port": str(dsn.get("port", 5432)),
            "database.user": str(dsn.get("user", "postgres")),
            "database.password": str(dsn.get("password", "")),
            "database.dbname": str(dsn.get("dbname", config.system)),
            "plugin.name": "pgoutput",
            "slot.name": self._slot,
            "publication.name": self._slot,
            # one that its owner made for us cannot be altered, and need not be
            "publication.autocreate.mode": "disabled" if made_for_us else "filtered",
            # changes of a partition are told as of its table
            "publish.via.partition.root": "true",
            "table.include.list": ",".join(self._tables),
            "snapshot.mode": "initial",
            "poll.interval.ms": str(config.poll_interval_ms),
            "max.batch.size": str(config.batch_size),
            "max.queue.size": str(config.batch_size * 4),
            # An idle source must not hold back the write-ahead log while others write:
            # each heartbeat puts a message into the log, so that our own offset moves
            # on and, once it is stored, the slot. A driver that confirms by itself
            # (lsn.flush.mode) leaves the slot beyond the stored offset, and then the
            # engine refuses to start.
            "heartbeat.interval.ms": str(config.heartbeat_ms),
            "heartbeat.action.query": _MESSAGE,
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
            "slot.max.retries": "10",
            "slot.retry.delay.ms": "500",
        }


def _require_old_id(table: str, ids: Sequence[Need], old: frozenset[str]) -> None:
    """Raise StopSource if a deletion would not tell whose record is gone."""
    for need in ids:
        if not need & old:
            names = " or ".join(sorted(need))
            raise StopSource(
                f"A deletion from table {table} would not tell {names}, from which the "
                "mapping makes the id.",
                remedy=f"ALTER TABLE {table} REPLICA IDENTITY FULL (each partition of "
                "it), or take the primary key for `id`.",
            )


def _reached(offset: Offset) -> int:
    """Return the place in the log up to which an offset has read."""
    engine: Any = offset["engine"]
    places = [engine.get(name) for name in ("lsn", "lsn_proc", "lsn_commit")]
    return max((place for place in places if isinstance(place, int)), default=0)


class _Dialect:
    """What is PostgreSQL's own."""

    def __init__(self, dsn: str, old_columns: Mapping[str, frozenset[str]]) -> None:
        self._dsn = dsn
        self._old_columns = old_columns

    def table(self, source: dict[str, Any]) -> str:
        schema, name = source["schema"], source["table"]
        return str(name if schema == "public" else f"{schema}.{name}")

    def since(
        self, stored: int | None, found: list[Change], read: Records
    ) -> int | None:
        # Row LSNs order the changes of one row, but a change written before the
        # snapshot's point and committed after it has the smaller LSN and is the later
        # one. So the snapshot's point comes first, and its own rows are number 0.
        if stored is not None:
            return stored
        if found:
            lsn: int = found[0].source["lsn"]
            return lsn
        # Empty tables show the snapshot's point in the offset.
        shown = read.offset and read.offset.get("lsn")
        return shown if isinstance(shown, int) else None

    def position(self, source: dict[str, Any]) -> tuple[int, ...]:
        return (source["lsn"],)

    def start(self) -> tuple[int, ...]:
        return (0,)

    def payload(self, found: Change, table: str) -> Payload | None:
        if found.op == Op.DELETE or found.after is None:
            return None
        return completed(found.after, dsn=self._dsn, table=table, key=found.key)

    def before(self, found: Change, table: str) -> Payload | None:
        # Debezium fills what the log does not tell with null, 0 and the like
        known = self._old_columns.get(table, frozenset())
        old = found.before or {}
        return {name: value for name, value in old.items() if name in known} or None

    def recreated(self, record: Record) -> str | None:
        return None  # the watch sees it: the table has another oid


def _connector(config: PostgresConfig, request: CaptureRequest) -> PostgresConnector:
    return PostgresConnector(config, list(request.needs), request.needs, request.ids)


KIND = Kind(PostgresConnector.name, PostgresConfig, _connector)
