"""What is reachable and in order, and what to do about each thing that is not."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import psycopg

from service.database.clusters import model_versions
from service.database.connection import schema_version
from service.database.connection.session import Connection, connect, where
from service.database.messages import offsets
from service.database.operations import backlog, dead_letters
from service.errors import ServiceError
from service.operations.broker_check import Broker, check_broker
from service.operations.finding import Finding, Health
from service.operations.source_check import connectors, disk, slots
from service.resolver.training_advice import training_advice
from service.settings import Settings

_OLD_S = 300.0
_LATE = 10_000


def findings(settings: Settings) -> Iterator[Finding]:
    """Yield what was found of the database, the broker and what runs between them."""
    try:
        with connect(
            settings.database_url, name="couture-doctor", autocommit=True
        ) as connection:
            yield Finding("database", Health.GOOD, _version(connection))
            yield from _of_tables(connection, settings)
            broker = yield from _of_broker(settings)
            if broker is not None and schema_version.is_migrated(connection):
                yield from _of_reading(connection, broker, settings)
    except ServiceError as error:
        yield Finding("database", Health.BAD, error.detail, error.remedy)
        yield from _of_broker(settings)


def _version(connection: Connection) -> str:
    return f"PostgreSQL {connection.info.server_version // 10_000} answers."


def _of_tables(connection: Connection, settings: Settings) -> Iterator[Finding]:
    if connection.info.server_version < 180_000:
        yield Finding(
            "database version",
            Health.BAD,
            "Couture needs PostgreSQL 18.",
            "Upgrade PostgreSQL, or name another in COUTURE_DATABASE_URL.",
        )
        return
    if not schema_version.is_migrated(connection):
        place = where(settings.database_url)
        detail = f"{place} is not at the revision of this version."
        yield Finding("tables", Health.BAD, detail, "Run `couture migrate`.")
        return
    yield Finding("tables", Health.GOOD, "They are those of this version.")
    for look in (
        *(_durability, _model, _processes, _waiting, _letters),
        *(connectors, slots, disk),
    ):
        try:
            yield look(connection)
        except psycopg.Error as error:
            name = look.__name__.strip("_")
            remedy = "Grant the database user of Couture its tables."
            yield Finding(name, Health.BAD, type(error).__name__, remedy)


def _durability(connection: Connection) -> Finding:
    row = connection.execute(
        "SELECT current_setting('fsync'), current_setting('full_page_writes')"
    ).fetchone()
    if row != ("on", "on"):
        return Finding(
            "durability",
            Health.BAD,
            "PostgreSQL does not write to the disk before it says so.",
            "Set fsync and full_page_writes to on.",
        )
    return Finding("durability", Health.GOOD, "A commit survives a power cut.")


def _model(connection: Connection) -> Finding:
    digest = model_versions.active_digest(connection)
    if digest is None:
        return Finding(
            "model",
            Health.LOOK,
            "No model version decides yet.",
            "Start `couture resolve`: it activates the shipped one.",
        )
    advice = training_advice(connection)
    detail = f"{digest[:12]} decides. {advice or ''}".strip()
    return Finding("model", Health.GOOD, detail)


def _processes(connection: Connection) -> Finding:
    rows = connection.execute(
        "SELECT application_name FROM pg_stat_activity WHERE datname ="
        " current_database() AND application_name LIKE 'couture-%'"
    )
    running = {row[0].removeprefix("couture-") for row in rows}
    missing = {"resolver": "resolve", "relay": "relay"}
    wanted = [verb for name, verb in missing.items() if name not in running]
    if wanted:
        verbs = " and ".join(f"`couture {verb}`" for verb in wanted)
        return Finding(
            "processes", Health.LOOK, "Not connected to PostgreSQL.", f"Start {verbs}."
        )
    return Finding("processes", Health.GOOD, "Resolver and relay are connected.")


def _waiting(connection: Connection) -> Finding:
    found = backlog.waiting(connection)
    detail = (
        f"{found.unfinished_records} records and {found.outbox_messages} messages wait,"
        f" the oldest for {max(found.unfinished_age_s, found.outbox_age_s):.0f} s."
    )
    if max(found.unfinished_age_s, found.outbox_age_s) > _OLD_S:
        remedy = "Read the logs of `couture resolve` and `couture relay`."
        return Finding("waiting", Health.LOOK, detail, remedy)
    return Finding("waiting", Health.GOOD, detail)


def _letters(connection: Connection) -> Finding:
    count = sum(dead_letters.counts(connection).values())
    detail = f"{count} dead letters are open."
    if count:
        return Finding(
            "dead letters", Health.LOOK, detail, "Run `couture deadletters list`."
        )
    return Finding("dead letters", Health.GOOD, detail)


def _of_broker(settings: Settings) -> Generator[Finding, None, Broker | None]:
    try:
        broker = check_broker(settings.kafka)
    except ServiceError as error:
        yield Finding("broker", Health.BAD, error.detail, error.remedy)
        return None
    detail = f"It answers; {len(broker.ends)} partitions of source topics."
    yield Finding("broker", Health.GOOD, detail)
    yield _survives(broker)
    return broker


def _survives(broker: Broker) -> Finding:
    copies = broker.fewest_copies
    if copies >= 2:
        return Finding("copies", Health.GOOD, f"Each topic stands {copies} times.")
    return Finding(
        "copies",
        Health.LOOK,
        "A topic stands once only: with its disk, what is not yet resolved is lost"
        " and read from the source again.",
        "In production have three brokers, replication factor 3, min.insync.replicas"
        " 2.",
    )


def _of_reading(
    connection: Connection, broker: Broker, settings: Settings
) -> Iterator[Finding]:
    stored = offsets.read(connection, consumer=settings.consumer)
    beyond = sorted(
        f"{topic}[{partition}]"
        for (topic, partition), end in broker.ends.items()
        if (known := stored.get((topic, partition))) and known.next_offset > end
    )
    if beyond:
        yield Finding(
            "offsets",
            Health.LOOK,
            f"Beyond the end of their log, which lost its tail: {', '.join(beyond)}.",
            "Start the resolver: it reads those again; connectors read their sources.",
        )
    lag = sum(
        max(0, end - (stored[place].next_offset if place in stored else 0))
        for place, end in broker.ends.items()
    )
    detail = f"{lag} messages are not yet resolved."
    if lag > _LATE:
        remedy = "Is a resolver running? More of them share the partitions."
        yield Finding("lag", Health.LOOK, detail, remedy)
    else:
        yield Finding("lag", Health.GOOD, detail)
